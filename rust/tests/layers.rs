//! Reads rust/src and holds it to the layers of ARCHITECTURE.md: which room may use which, and no circle of files.
//!
//! A folder with its private files (`core/conn`, `core/ctx`, `openssl/ssl`) counts as one: parent and parts use each other.

#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, and the rooms that each may use.
const ROOMS: [(&str, &[&str]); 6] = [
    ("status", &[]),
    ("runtime", &[]),
    ("openssl", &["error", "status", "runtime"]),
    ("error", &["status", "openssl", "runtime"]),
    ("core", &["error", "status", "openssl", "runtime"]),
    ("abi", &["core", "error", "status", "runtime"]),
];
/// Uses that the rule above does not allow, each with the reason in ARCHITECTURE.md ("Exceptions").
const EXCEPTIONS: [(&str, &str); 3] =
    [("abi::gate", "openssl::errors"), ("abi::gate", "openssl::library"), ("abi::constants", "openssl::ffi")];
/// Files that may use each other in a circle, for the reasons in ARCHITECTURE.md ("Exceptions").
const CIRCLES: [&[&str]; 1] = [&["core::conn", "core::ctx", "core::session"]];
const FOLDERS: [&str; 3] = ["core::conn", "core::ctx", "openssl::ssl"];

#[test]
fn each_room_uses_only_the_rooms_below_it() {
    let mut faults = Vec::new();
    for (module, uses) in modules() {
        for used in uses {
            let (room, other) = (first(&module), first(&used));
            let allowed = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, below)| below);
            let excepted = EXCEPTIONS.contains(&(module.as_str(), used.as_str()));
            if room != other && !allowed.contains(&other) && !excepted {
                faults.push(format!("{module} uses {used}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let graph = modules();
    assert!(graph.len() > 60, "only {} modules found", graph.len());
    let circles: BTreeSet<&str> =
        graph.keys().filter(|module| reaches(&graph, module, module)).map(String::as_str).collect();
    let defended: BTreeSet<&str> = CIRCLES.concat().into_iter().collect();
    assert_eq!(circles, defended, "files in a circle, and those that may be");
}

#[test]
fn a_circle_and_a_use_are_recognised() {
    let graph = |pairs: &[(&str, &[&str])]| {
        let uses = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
        pairs.iter().map(|(name, list)| (name.to_string(), uses(list))).collect::<Graph>()
    };
    assert!(reaches(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])]), "a", "a"));
    assert!(!reaches(&graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]), "a", "a"));
    assert_eq!(
        leaves("crate::x::{self, y::{A, B}, z}"),
        ["crate::x::self", "crate::x::y::A", "crate::x::y::B", "crate::x::z"]
    );
    let known = BTreeSet::from(["core::x509".to_owned(), "openssl::x509".to_owned(), "core::conn".to_owned()]);
    assert_eq!(module_of("super::x509::X509", "core::store", &known).as_deref(), Some("core::x509"));
    assert_eq!(module_of("crate::openssl::x509", "core::store", &known).as_deref(), Some("openssl::x509"));
    assert_eq!(module_of("openssl::x509::X509", "core::store", &known), None);
}

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Every unit with the units it uses; tests inside the files do not count.
fn modules() -> Graph {
    let files: BTreeMap<String, String> = rust_files(&src())
        .iter()
        .filter(|file| !file.ends_with("lib.rs"))
        .map(|file| (name_of(file), fs::read_to_string(file).unwrap()))
        .collect();
    let known: BTreeSet<String> = files.keys().cloned().collect();
    let mut graph = Graph::new();
    for (module, source) in &files {
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let uses = graph.entry(unit(module)).or_default();
        for statement in use_statements(code) {
            for leaf in leaves(&statement) {
                uses.extend(
                    module_of(&leaf, module, &known).map(|used| unit(&used)).filter(|used| *used != unit(module)),
                );
            }
        }
    }
    graph
}

fn unit(module: &str) -> String {
    let folder = FOLDERS.iter().find(|folder| module.starts_with(&format!("{folder}::")));
    folder.map_or_else(|| module.to_owned(), |folder| folder.to_string())
}

fn use_statements(code: &str) -> Vec<String> {
    let starts = code.split('\n').scan(0, |at, line| {
        let here = *at;
        *at += line.len() + 1;
        Some((here, line.trim_start()))
    });
    let uses = starts.filter_map(|(at, line)| {
        let rest = line.strip_prefix("pub ").or(line.strip_prefix("pub(super) ")).unwrap_or(line);
        rest.starts_with("use ").then(|| code[at..].split(';').next().unwrap_or_default().to_owned())
    });
    uses.map(|text| {
        text.split_once("use ").map_or(String::new(), |(_, path)| path.split_whitespace().collect::<Vec<_>>().join(" "))
    })
    .collect()
}

/// The paths of a `use`, braces expanded, without ` as name`.
fn leaves(path: &str) -> Vec<String> {
    let Some((prefix, rest)) = path.split_once('{') else {
        return vec![path.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for c in inside.chars().chain([',']) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| leaves(&format!("{}{}", prefix.trim(), part.trim()))).collect()
}

/// The module that a path of `module` leads to; None for other crates.
fn module_of(path: &str, module: &str, known: &BTreeSet<String>) -> Option<String> {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut parts: Vec<&str> = path.split("::").collect();
    match parts.first().copied() {
        Some("crate") => {
            parts.remove(0);
            base.clear();
        }
        Some("super") => {
            while parts.first() == Some(&"super") {
                parts.remove(0);
                base.pop();
            }
        }
        _ => return None,
    }
    let whole: Vec<&str> = base.into_iter().chain(parts).collect();
    (1..=whole.len()).rev().map(|len| whole[..len].join("::")).find(|name| known.contains(name))
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(next) = todo.pop() {
        for used in graph.get(&next).into_iter().flatten() {
            if used == to {
                return true;
            }
            if seen.insert(used.clone()) {
                todo.push(used.clone());
            }
        }
    }
    false
}

fn first(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

fn name_of(file: &Path) -> String {
    let relative = file.strip_prefix(src()).unwrap().with_extension("");
    let name = relative.to_str().unwrap().replace('/', "::");
    name.strip_suffix("::mod").map_or(name.clone(), str::to_owned)
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}
