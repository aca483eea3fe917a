//! Makes the browser half smaller in ways that neither the compiler nor `wasm-opt` can.
//!
//! These steps work on the output of wasm-bindgen, before `wasm-opt` removes the code that is no longer
//! reached. They know how wasm-bindgen writes JavaScript. Each fails where it finds something else, so that a
//! new release of wasm-bindgen cannot break the pages silently.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fs;
use std::mem;
use std::ops::Range;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;
use walrus::ConstExpr;
use walrus::DataId;
use walrus::DataKind;
use walrus::ExportId;
use walrus::FunctionId;
use walrus::FunctionKind;
use walrus::Module;
use walrus::ir::Instr;
use walrus::ir::Unreachable;
use walrus::ir::Value;
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::quiet;
use crate::shell::with_npm_tools;

/// Parts of the names of functions that only lead to a panic. Browsers see a panic as a trap: nothing
/// prints its message there.
const PANICS: [&str; 14] = [
    "::panicking::",
    "::assert_failed",
    "::do_panic",
    "::option::expect_failed",
    "::option::unwrap_failed",
    "::result::unwrap_failed",
    "::slice::index::slice_",
    "::str::slice_error_fail",
    "::handle_alloc_error",
    "::raw_vec::handle_error",
    "::capacity_overflow",
    "::panic_",
    "::rust_begin_unwind",
    "::rust_oom",
];

/// How the path of a source file ends.
const SOURCE_FILE: &[u8] = b".rs";

/// If fewer are found, the compiler lays source locations out in another way, and this step must be adapted.
const MIN_LOCATIONS: usize = 100;

/// If fewer are found, the compiler names or ends its functions in another way, and this step must be adapted.
const MIN_PANICS: usize = 20;

/// Runs wasm-bindgen on `wasm` and writes `{name}_bg.wasm` and `{name}.js` into a directory.
pub fn bind(wasm: &Path, name: &str, directory: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name).web(true)?;
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let glue = directory.join(name).with_extension("js");
    let write = |text| fs::write(&glue, text).with_context(|| format!("cannot write {glue:?}"));
    fs::create_dir_all(directory).with_context(|| format!("cannot create {directory:?}"))?;
    write(with_private_classes(output.js()))?;
    let text = without_unused_code(&glue)?;

    let module = output.wasm_mut();
    trap_panics(module)?;
    blank_locations(module)?;
    name_by_size(module);
    remove_unused_exports(module, &text);
    let imported = format!("./{name}_bg.js");
    let text = shorten_names(module, &imported).applied_to(&text, &imported)?;
    output
        .emit(directory)
        .context("cannot write what wasm-bindgen made")?;
    write(text)
}

/// The JavaScript with classes that are not exported.
///
/// wasm-bindgen exports each class of each crate, and Leptos brings three classes for streams. No page makes
/// an object of a class, and Rust gives none to JavaScript, so the classes are unused.
fn with_private_classes(text: &str) -> String {
    text.replace("export class ", "class ").replace(
        "new FinalizationRegistry(",
        "/* @__PURE__ */ new FinalizationRegistry(",
    )
}

/// The JavaScript of a file without the functions and classes that it does not use.
fn without_unused_code(path: &Path) -> Result<String> {
    // wasm-bindgen gives each class a method of the name `Symbol.dispose`, which esbuild would take for a use.
    quiet(
        with_npm_tools(
            "esbuild --format=esm --target=es2022 --tree-shaking=true --minify-syntax \
             --define:Symbol.dispose=undefined",
        )
        .arg(path),
    )
}

/// Makes each function that only panics trap at once. Its callers then need no message, no source location
/// and no formatting code.
fn trap_panics(module: &mut Module) -> Result<()> {
    let panics: Vec<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| function.name.as_deref().is_some_and(panics_by_name))
        .map(walrus::Function::id)
        .collect();
    let mut trapped = 0;
    for id in panics {
        let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind else {
            continue;
        };
        let body = &mut function.block_mut(function.entry_block()).instrs;
        // A function with another end returns to its caller, such as the one that asks whether a panic is
        // under way.
        if let Some((Instr::Unreachable(_), place)) = body.last() {
            *body = vec![(Instr::Unreachable(Unreachable {}), *place)];
            trapped += 1;
        }
    }
    ensure!(
        trapped >= MIN_PANICS,
        "only {trapped} functions that panic were found; see PANICS in xtask/src/shrink.rs"
    );
    Ok(())
}

/// Replaces the hash at the end of the name of each function by its size. `wasm-opt` orders functions by name, so
/// copies of generic code of one size are placed beside each other. The order also depends less on the folder of
/// the build.
fn name_by_size(module: &mut Module) {
    for function in module.funcs.iter_mut() {
        let FunctionKind::Local(local) = &function.kind else {
            continue;
        };
        let size = local.size();
        if let Some(name) = &mut function.name {
            *name = format!("{}::{size:06}", without_hash(name));
        }
    }
}

/// The name of a function without the hash that the compiler adds to it.
fn without_hash(name: &str) -> &str {
    let is_hash =
        |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.rsplit_once("::h") {
        Some((path, hash)) if is_hash(hash) => path,
        _ => name,
    }
}

fn panics_by_name(name: &str) -> bool {
    PANICS.iter().any(|part| name.contains(part))
}

/// Blanks the source locations that panics would print: for each the address and the length of a path, a line
/// and a column, and the paths themselves. Zeros compress to nothing. No other code reads a location.
fn blank_locations(module: &mut Module) -> Result<()> {
    let mut data = Memory::of(module)?;
    let locations = data.locations();
    ensure!(
        locations.len() >= MIN_LOCATIONS,
        "only {} source locations were found; see `Memory` in xtask/src/shrink.rs",
        locations.len()
    );
    for Location { address, path } in locations {
        data.blank(address..address + 16);
        data.blank(path);
    }
    data.write_to(module);
    Ok(())
}

/// The memory of a WebAssembly as its data segments fill it.
struct Memory(Vec<(DataId, u32, Vec<u8>)>);

/// A `core::panic::Location` in memory: the address and the length of its path, a line and a column, of four
/// bytes each.
struct Location {
    address: u32,
    path: Range<u32>,
}

impl Memory {
    fn of(module: &Module) -> Result<Self> {
        let segments = module.data.iter().map(|segment| match segment.kind {
            DataKind::Active {
                offset: ConstExpr::Value(Value::I32(start)),
                ..
            } => Ok((segment.id(), start.cast_unsigned(), segment.value.clone())),
            _ => bail!("a data segment has no constant address"),
        });
        Ok(Self(segments.collect::<Result<_>>()?))
    }

    /// All records that name a path of a source file, a line and a column.
    fn locations(&self) -> Vec<Location> {
        let mut found = Vec::new();
        for (_, start, bytes) in &self.0 {
            let aligned = start.next_multiple_of(4);
            let records = bytes.get((aligned - start) as usize..).unwrap_or_default();
            for index in 0..records.len() / 4 {
                let word = |word: usize| {
                    let bytes = records.get((index + word) * 4..)?.first_chunk()?;
                    Some(u32::from_le_bytes(*bytes))
                };
                let address = aligned + 4 * index as u32;
                let location = || {
                    let (path, length) = (word(0)?, word(1)?);
                    let (line, column) = (word(2)?, word(3)?);
                    let is_position = (1..100_000).contains(&line) && (1..1000).contains(&column);
                    let path = path..path.checked_add(length)?;
                    (is_position && self.is_source_file(&path))
                        .then_some(Location { address, path })
                };
                found.extend(location());
            }
        }
        found
    }

    fn is_source_file(&self, path: &Range<u32>) -> bool {
        let text = self.0.iter().find_map(|(_, start, bytes)| {
            let from = path.start.checked_sub(*start)? as usize;
            bytes.get(from..from + path.len())
        });
        text.is_some_and(|text| {
            text.ends_with(SOURCE_FILE) && text.iter().all(u8::is_ascii_graphic)
        })
    }

    fn blank(&mut self, range: Range<u32>) {
        for (_, start, bytes) in &mut self.0 {
            let place = range
                .start
                .checked_sub(*start)
                .and_then(|from| bytes.get_mut(from as usize..from as usize + range.len()));
            if let Some(place) = place {
                place.fill(0);
            }
        }
    }

    fn write_to(self, module: &mut Module) {
        for (id, _, bytes) in self.0 {
            module.data.get_mut(id).value = bytes;
        }
    }
}

/// Removes the exports that the JavaScript does not use. `wasm-opt` then removes what only they reach.
fn remove_unused_exports(module: &mut Module, text: &str) {
    let used: HashSet<&str> = exports_in(text).collect();
    let exports = module.exports.iter();
    let unused: Vec<ExportId> = exports
        .filter(|export| !used.contains(&*export.name))
        .map(walrus::Export::id)
        .collect();
    for id in unused {
        module.exports.delete(id);
    }
}

/// The names of exports that JavaScript of wasm-bindgen uses: as members of `wasm`.
fn exports_in(text: &str) -> impl Iterator<Item = &str> {
    let uses = text.split(WASM).skip(1);
    uses.map(|rest| {
        rest.split(|letter| !is_part_of_name(letter))
            .next()
            .unwrap_or_default()
    })
}

/// What stands before the name of an export in JavaScript of wasm-bindgen.
const WASM: &str = "wasm.";

/// The short name of the module that the WebAssembly imports from.
const SHORT_MODULE: &str = "a";

/// The names by which the WebAssembly and its JavaScript call each other, with the short names.
#[derive(Default)]
struct Names {
    imports: HashMap<String, String>,
    exports: HashMap<String, String>,
}

/// Gives imports and exports short names, and returns the short names by the former names.
fn shorten_names(module: &mut Module, imported: &str) -> Names {
    let mut names = Names::default();
    for (index, import) in module
        .imports
        .iter_mut()
        .filter(|import| import.module == imported)
        .enumerate()
    {
        let short = format!("i{index}");
        names
            .imports
            .insert(mem::replace(&mut import.name, short.clone()), short);
        SHORT_MODULE.clone_into(&mut import.module);
    }
    for (index, export) in module.exports.iter_mut().enumerate() {
        let short = format!("e{index}");
        names
            .exports
            .insert(mem::replace(&mut export.name, short.clone()), short);
    }
    names
}

impl Names {
    /// The JavaScript with the short names. It names each import once, as the key of an object, and exports as
    /// members of `wasm`.
    fn applied_to(&self, text: &str, imported: &str) -> Result<String> {
        let module = format!("\"{imported}\"");
        ensure!(
            text.matches(&module).count() == 1,
            "wasm-bindgen's JavaScript does not name {imported} once"
        );
        let text = text.replace(&module, &format!("\"{SHORT_MODULE}\""));
        let mut short = String::with_capacity(text.len());
        let mut missing: HashSet<&str> = self.imports.keys().map(String::as_str).collect();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_part_of_name) {
            let (before, from_name) = rest.split_at(start);
            short += before;
            let end = from_name
                .find(|letter| !is_part_of_name(letter))
                .unwrap_or(from_name.len());
            let (name, after) = from_name.split_at(end);
            short += if short.ends_with(WASM) {
                let export = self.exports.get(name);
                export.with_context(|| format!("the WebAssembly exports no {name}"))?
            } else if let Some(import) = self.imports.get(name) {
                ensure!(
                    missing.remove(name),
                    "wasm-bindgen's JavaScript names {name} twice"
                );
                import
            } else {
                name
            };
            rest = after;
        }
        ensure!(
            missing.is_empty(),
            "wasm-bindgen's JavaScript does not have {missing:?}"
        );
        Ok(short + rest)
    }
}

/// Whether a letter can be a part of a name in JavaScript of wasm-bindgen.
fn is_part_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_$".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPORTED: &str = "./kith_bg.js";

    fn names() -> Names {
        let of = |name: &str, short: &str| HashMap::from([(name.to_owned(), short.to_owned())]);
        Names {
            imports: of("__wbg_log_1f", "i0"),
            exports: of("hydrate", "e0"),
        }
    }

    #[test]
    fn names_are_shortened_where_they_name_an_import_or_an_export() -> Result<()> {
        let text = "export function hydrate() { wasm.hydrate(); }\n\
                    return { \"./kith_bg.js\": { __wbg_log_1f: 1, __wbg_log_1f2: 2 } };";
        assert_eq!(
            names().applied_to(text, IMPORTED)?,
            "export function hydrate() { wasm.e0(); }\n\
             return { \"a\": { i0: 1, __wbg_log_1f2: 2 } };"
        );
        Ok(())
    }

    #[test]
    fn other_javascript_than_expected_is_refused() {
        for text in [
            "nothing",
            "wasm.hydrate(); \"./kith_bg.js\": { __wbg_log_2e: 1 }",
            "wasm.hydrate(); \"./kith_bg.js\": { __wbg_log_1f: __wbg_log_1f }",
            "wasm.dehydrate(); \"./kith_bg.js\": { __wbg_log_1f: 1 }",
        ] {
            assert!(names().applied_to(text, IMPORTED).is_err(), "{text}");
        }
    }

    #[test]
    fn names_lose_their_hash_and_nothing_else() {
        assert_eq!(without_hash("a::b::h0123456789abcdef"), "a::b");
        for name in [
            "a::hash::b",
            "<a as core::hash::Hasher>::write",
            "a::h0123",
            "a",
        ] {
            assert_eq!(without_hash(name), name);
        }
    }

    #[test]
    fn used_exports_are_members_of_wasm() {
        let text = "wasm.hydrate(); wasm.memory.buffer; f(wasm.__wbindgen_malloc, hydrate)";
        let used: Vec<&str> = exports_in(text).collect();
        assert_eq!(used, ["hydrate", "memory", "__wbindgen_malloc"]);
    }
}
