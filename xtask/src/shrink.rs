//! Makes the browser half smaller in ways that neither the compiler nor `wasm-opt` can.
//!
//! Both steps work on the output of wasm-bindgen, before `wasm-opt` removes the code that is no longer
//! reached.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use walrus::FunctionId;
use walrus::FunctionKind;
use walrus::Module;
use walrus::ir::Instr;
use walrus::ir::Unreachable;
use wasm_bindgen_cli_support::Bindgen;

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

/// If fewer are found, the compiler names or ends its functions in another way, and this step must be adapted.
const MIN_PANICS: usize = 20;

/// Runs wasm-bindgen on `wasm` and writes `{name}_bg.wasm` and `{name}.js` into a directory.
pub fn bind(wasm: &Path, name: &str, directory: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name).web(true)?;
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let glue = format!("./{name}_bg.js");
    trap_panics(output.wasm_mut())?;
    let names = shorten_names(output.wasm_mut(), &glue);
    output
        .emit(directory)
        .context("cannot write what wasm-bindgen made")?;

    let path = directory.join(name).with_extension("js");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = names.applied_to(&text, &glue)?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
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

fn panics_by_name(name: &str) -> bool {
    PANICS.iter().any(|part| name.contains(part))
}

/// The names by which the WebAssembly and its JavaScript call each other.
#[derive(Default)]
struct Names {
    imports: HashMap<String, String>,
    exports: HashMap<String, String>,
}

/// The short name of the module that the WebAssembly imports from.
const SHORT_MODULE: &str = "a";

/// Gives imports and exports short names, and returns the short names by the former names.
fn shorten_names(module: &mut Module, glue: &str) -> Names {
    let mut names = Names::default();
    for (index, import) in module
        .imports
        .iter_mut()
        .filter(|import| import.module == glue)
        .enumerate()
    {
        let short = format!("i{index}");
        names
            .imports
            .insert(std::mem::replace(&mut import.name, short.clone()), short);
        SHORT_MODULE.clone_into(&mut import.module);
    }
    for (index, export) in module.exports.iter_mut().enumerate() {
        let short = format!("e{index}");
        names
            .exports
            .insert(std::mem::replace(&mut export.name, short.clone()), short);
    }
    names
}

impl Names {
    /// The JavaScript with the short names. It names imports as keys of an object, and exports as
    /// members of `wasm`.
    fn applied_to(&self, text: &str, glue: &str) -> Result<String> {
        let module = format!("\"{glue}\"");
        ensure!(
            text.matches(&module).count() == 1,
            "wasm-bindgen's JavaScript does not name {glue} once"
        );
        let text = text.replace(&module, &format!("\"{SHORT_MODULE}\""));
        let is_part_of_name =
            |letter: char| letter.is_ascii_alphanumeric() || "_$".contains(letter);
        let mut short = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_part_of_name) {
            let (before, from_name) = rest.split_at(start);
            short += before;
            let end = from_name
                .find(|letter| !is_part_of_name(letter))
                .unwrap_or(from_name.len());
            let (name, after) = from_name.split_at(end);
            let is_export = short.ends_with("wasm.");
            let renamed = if is_export {
                self.exports.get(name)
            } else {
                self.imports.get(name)
            };
            short += renamed.map_or(name, String::as_str);
            rest = after;
        }
        Ok(short + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_where_they_name_an_import_or_an_export() -> Result<()> {
        let of = |name: &str, short: &str| HashMap::from([(name.to_owned(), short.to_owned())]);
        let names = Names {
            imports: of("__wbg_log_1f", "i0"),
            exports: of("hydrate", "e0"),
        };
        let text = "export function hydrate() { wasm.hydrate(); }\n\
                    return { \"./kith_bg.js\": { __wbg_log_1f: 1, __wbg_log_1f2: 2 } };";
        assert_eq!(
            names.applied_to(text, "./kith_bg.js")?,
            "export function hydrate() { wasm.e0(); }\n\
             return { \"a\": { i0: 1, __wbg_log_1f2: 2 } };"
        );
        assert!(names.applied_to("nothing", "./kith_bg.js").is_err());
        Ok(())
    }
}
