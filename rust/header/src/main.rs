//! `pyssl-header CRATE_DIR OUT`: writes the C header of the crate to OUT, pyssl.h, and OpenSSL's constants to
//! pyssl_constants.h beside it.
//!
//! The header reads as a manual: a section for each file of src/abi, in the order of `mod` lines of src/abi/mod.rs,
//! under the first line of the file's own comment. Handle types come first, for sections use each other's.

use std::{env, error::Error, fs, path::Path, process::exit};

#[path = "../../src/core/constant.rs"]
#[allow(dead_code)]
mod constant;

const PREAMBLE: &str = include_str!("preamble.h");
const CONSTANTS_PREAMBLE: &str = include_str!("constants_preamble.h");
const CHECKED_PREAMBLE: &str = include_str!("checked_preamble.h");

fn main() {
    let args: Vec<String> = env::args().collect();
    let [_, crate_dir, out] = args.as_slice() else {
        eprintln!("usage: pyssl-header CRATE_DIR OUT");
        exit(2);
    };
    let beside = Path::new(out).with_file_name("pyssl_constants.h");
    let checked_header = Path::new(out).with_file_name("pyssl_checked.h");
    let written = header(Path::new(crate_dir)).and_then(|text| {
        fs::write(checked_header, checked(&text)?)?;
        fs::write(out, text)?;
        Ok(fs::write(beside, constants())?)
    });
    if let Err(error) = written {
        eprintln!("{error}");
        exit(1);
    }
}

fn header(crate_dir: &Path) -> Result<String, Box<dyn Error>> {
    let abi = crate_dir.join("src/abi");
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml"))?;
    let (mut handles, mut sections) = (String::new(), String::new());
    for module in modules(&fs::read_to_string(abi.join("mod.rs"))?) {
        let file = abi.join(format!("{module}.rs"));
        let source = fs::read_to_string(&file)?;
        let mut config = config.clone();
        config.export.include = declared(&source);
        let bindings = cbindgen::Builder::new().with_config(config).with_src(&file).generate()?;
        let mut text = Vec::new();
        bindings.write(&mut text);
        // Every struct has a typedef of its name; cbindgen uses now the one, now the other.
        let text = String::from_utf8(text)?
            .replace("struct pyssl_", "pyssl_")
            .replace("typedef pyssl_", "typedef struct pyssl_");
        let (types, rest) = split_handles(&text);
        handles.push_str(&types);
        if !rest.trim().is_empty() {
            sections.push_str(&format!("/* ---- {} */\n\n{}\n\n", title(&source), rest.trim()));
        }
    }
    Ok(format!(
        "{PREAMBLE}\n#ifndef PYSSL_H\n#define PYSSL_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #include \"pyssl_constants.h\"\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         /* ---- Handles */\n\n{handles}{sections}\
         #include \"pyssl_checked.h\"\n\n\
         #ifdef __cplusplus\n}} /* extern \"C\" */\n#endif\n\n#endif /* PYSSL_H */\n"
    ))
}

/// Functions whose result a program must not lose: it says whether something is secure, or how much was done.
const MUST_CHECK: [&str; 14] = [
    "pyssl_rand_bytes",
    "pyssl_pkey_sign",
    "pyssl_pkey_verify",
    "pyssl_req_verify",
    "pyssl_spki_verify",
    "pyssl_store_ctx_verify",
    "pyssl_store_ctx_verified_chain",
    "pyssl_ctx_set_verify",
    "pyssl_ctx_check_privatekey",
    "pyssl_conn_set_verify_host",
    "pyssl_conn_set_expected_host",
    "pyssl_conn_set_client",
    "pyssl_conn_send",
    "pyssl_conn_send_all",
];

/// Declares the functions of MUST_CHECK once more, with an attribute that the header's other readers (cffi, LuaJIT, Ruby)
/// do not know.
fn checked(header: &str) -> Result<String, Box<dyn Error>> {
    let mut text = format!("{CHECKED_PREAMBLE}\n#ifdef __GNUC__\n");
    let lines: Vec<&str> = header.lines().collect();
    for name in MUST_CHECK {
        let declares = |line: &str| line.contains(&format!(" {name}(")) && !line.starts_with(" *");
        let at = lines.iter().position(|line| declares(line)).ok_or(format!("the header does not declare {name}"))?;
        let end = lines[at..].iter().position(|line| line.ends_with(");")).ok_or(format!("{name} has no end"))?;
        let declared = lines[at..=at + end].join("\n");
        let open = declared.strip_suffix(';').unwrap_or(&declared);
        text.push_str(&format!("{open} __attribute__((warn_unused_result));\n"));
    }
    Ok(text + "#endif\n")
}

/// OpenSSL's constants as macros. Each gives way to OpenSSL's own where its headers came first.
fn constants() -> String {
    let mut text = format!("{CONSTANTS_PREAMBLE}\n#ifndef PYSSL_CONSTANTS_H\n#define PYSSL_CONSTANTS_H\n");
    let mut kind = "";
    for (name, value) in constant::TABLE {
        let its_kind = kind_of(name);
        if its_kind != kind {
            kind = its_kind;
            text.push_str(&format!("\n/* ---- {kind} */\n\n"));
        }
        let number = if is_decimal(name) { value.to_string() } else { format!("{value:#x}") };
        text.push_str(&format!("#ifndef {name}\n#define {name} {number}\n#endif\n"));
    }
    text + "\n#endif /* PYSSL_CONSTANTS_H */\n"
}

fn kind_of(name: &str) -> &'static str {
    const KINDS: [&str; 9] = [
        "SSL_AD_",
        "SSL_CB_",
        "SSL_MODE_",
        "SSL_OP_",
        "SSL_SESS_CACHE_",
        "SSL_ST_",
        "SSL_VERIFY_",
        "X509_V_ERR_",
        "X509_V_FLAG_",
    ];
    KINDS.into_iter().find(|kind| name.starts_with(kind)).unwrap_or("others")
}

/// Codes are decimal, bits and versions hexadecimal.
fn is_decimal(name: &str) -> bool {
    ["SSL_AD_", "X509_V_ERR_", "X509_V_OK"].into_iter().any(|kind| name.starts_with(kind))
}

/// The public modules, in the order of their `pub mod` lines.
fn modules(source: &str) -> Vec<String> {
    let named = source.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    named.map(str::to_owned).collect()
}

/// The public types of a file. cbindgen leaves out those that no function of the same file uses.
fn declared(source: &str) -> Vec<String> {
    let after = |line: &str, words: &str| Some(line.strip_prefix(words)?.split([' ', '{', ';']).next()?.to_owned());
    source.lines().filter_map(|line| after(line, "pub struct ").or_else(|| after(line, "pub type "))).collect()
}

/// Takes `typedef struct X X;` and the comments over them out of a section.
fn split_handles(text: &str) -> (String, String) {
    let (mut handles, mut rest, mut comment) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        let opaque = line.strip_prefix("typedef struct ").is_some_and(|tail| !tail.contains('{'));
        if line.starts_with("/**") || (!comment.is_empty() && line.starts_with(" *")) {
            comment.push_str(&format!("{line}\n"));
        } else {
            let place = if opaque { &mut handles } else { &mut rest };
            place.push_str(&std::mem::take(&mut comment));
            place.push_str(&format!("{line}\n{}", if opaque { "\n" } else { "" }));
        }
    }
    (handles, rest)
}

/// The first line of a file's `//!` comment.
fn title(source: &str) -> &str {
    source.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or("")
}
