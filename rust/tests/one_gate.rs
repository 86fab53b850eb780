//! Reads rust/src and holds it to the rule of abi/gate.rs: whatever C can call is exactly one call of a gate.

use std::fs;
use std::path::{Path, PathBuf};

const EXPORT: &str = "#[no_mangle]";
const GATES: [&str; 4] = ["gate", "gate_count", "gate_moved", "gate_value"];

#[test]
fn every_exported_function_is_exactly_one_gate_call() {
    let (mut seen, mut faults) = (0, Vec::new());
    for file in rust_files(&src().join("abi")) {
        let source = fs::read_to_string(&file).unwrap();
        for (line, function) in exports(&source) {
            seen += 1;
            if let Err(fault) = one_gate_call(&function) {
                faults.push(format!("{}:{line}: {fault}", file.display()));
            }
        }
    }
    assert!(seen > 0, "no exported function found in src/abi");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_is_exported_from_outside_of_abi() {
    let core = rust_files(&src()).into_iter().filter(|file| !file.starts_with(src().join("abi")));
    for file in core {
        let source = fs::read_to_string(&file).unwrap();
        for attribute in ["no_mangle", "export_name"] {
            assert!(!source.contains(attribute), "{} has {attribute}", file.display());
        }
    }
}

#[test]
fn the_reader_tells_one_gate_call_from_anything_else() {
    let verdict =
        |body: &str| one_gate_call(&format!("pub unsafe extern \"C\" fn pyssl_x(out: *mut u8) -> i32 {body}"));
    assert!(verdict("{ gate(|| put(out, 1)) }").is_ok());
    assert!(verdict("{\n    gate_value(c\"(\".as_ptr(), || { /* ) } */ ')' })\n}").is_ok());
    assert!(verdict("{ gate_count(|| Ok(r\"}\".len())) // }\n}").is_ok());
    for fault in [
        "{ 0 }",
        "{ gate(|| Ok(())); 0 }",
        "{ if out.is_null() { return 0 } gate(|| Ok(())) }",
        "{ gate(|| Ok(())) + gate(|| Ok(())) }",
        "{ gate(|| Ok(())).min(0) }",
        "{ investigate(|| Ok(())) }",
        "{ unsafe { *out = 1 }; gate(|| Ok(())) }",
    ] {
        assert!(verdict(fault).is_err(), "{fault}");
    }
    assert!(one_gate_call("pub extern \"C\" fn other() { gate(|| Ok(())) }").is_err());
    assert!(one_gate_call("pub fn pyssl_x() { gate(|| Ok(())) }").is_err());
}

/// Every item under #[no_mangle], with its line: text from the attribute's end to the end of the file.
fn exports(source: &str) -> Vec<(usize, String)> {
    let starts = source.match_indices(EXPORT).map(|(at, _)| at);
    starts.map(|at| (source[..at].lines().count() + 1, source[at + EXPORT.len()..].trim_start().to_owned())).collect()
}

/// `item` begins with a function; Ok if its body is one call of a gate.
fn one_gate_call(item: &str) -> Result<(), String> {
    let code = blank_out(item);
    let signature = code.split('{').next().unwrap_or_default();
    let words: Vec<&str> =
        signature.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let name = match words.as_slice() {
        ["pub", "unsafe", "extern", "fn", name, ..] | ["pub", "extern", "fn", name, ..] => *name,
        _ => return Err(format!("not a `pub extern \"C\" fn`: {}", signature.trim())),
    };
    if !name.starts_with("pyssl_") {
        return Err(format!("{name} is not named pyssl_*"));
    }
    let body = enclosed(&code[signature.len()..]).ok_or(format!("{name}: the body has no end"))?.trim();
    let gate = body.split('(').next().unwrap_or_default();
    if !GATES.contains(&gate) {
        return Err(format!("{name} does not begin with a gate"));
    }
    let call = &body[gate.len()..];
    match enclosed(call) {
        Some(inside) if inside.len() + 2 == call.len() => Ok(()),
        _ => Err(format!("{name} does more than one gate call")),
    }
}

/// What stands between the bracket that `code` begins with and its partner.
fn enclosed(code: &str) -> Option<&str> {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return code.get(1..at);
        }
    }
    None
}

/// The code with comments, strings and characters taken out, so that only its own brackets are left.
fn blank_out(source: &str) -> String {
    let (mut out, mut rest) = (String::new(), source);
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |at| at + 2)
        } else if c == '"' {
            string_length(rest)
        } else if c == '\'' {
            character_length(rest)
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        rest = &rest[skip..];
    }
    out
}

/// Bytes of the string literal that `code` begins with.
fn string_length(code: &str) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Bytes of the character literal that `code` begins with; 1 for the mark of a lifetime.
fn character_length(code: &str) -> usize {
    let mut chars = code.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => code[at + 1..].find('\'').map_or(code.len(), |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
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
