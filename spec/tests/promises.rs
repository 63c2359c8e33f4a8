//! Every sentence of the README that promises something has an end-to-end test of that name.
//!
//! A promise is a line of README.md that ends with `<!-- promise: name_of_the_test -->`.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Names of the promises in a text.
fn promises(text: &str) -> Vec<&str> {
    text.split("<!-- promise:")
        .skip(1)
        .filter_map(|rest| rest.split("-->").next())
        .map(str::trim)
        .collect()
}

/// Source of all end-to-end tests, which run the real binaries.
fn end_to_end() -> String {
    ["cli/tests", "relay/tests"]
        .map(|folder| source(&root().join(folder)))
        .concat()
}

fn source(folder: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return String::new();
    };
    let read = |path: PathBuf| match path.is_dir() {
        true => source(&path),
        false if path.extension().is_some_and(|ending| ending == "rs") => {
            std::fs::read_to_string(path).unwrap()
        }
        false => String::new(),
    };
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

/// Whether there is a test function of this name.
fn is_tested(name: &str, source: &str) -> bool {
    let function = format!("fn {name}(");
    source
        .split("#[test]")
        .skip(1)
        .chain(source.split("#[tokio::test").skip(1))
        .any(|rest| {
            let head: String = rest.lines().take(6).collect();
            head.contains(&function)
        })
}

#[test]
fn every_promise_of_the_readme_has_a_test() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let source = end_to_end();
    let untested: Vec<&str> = promises(&readme)
        .into_iter()
        .filter(|name| !is_tested(name, &source))
        .collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[test]
fn the_readme_makes_promises() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(
        !promises(&readme).is_empty(),
        "README.md has no line with <!-- promise: name -->"
    );
}

#[test]
fn a_promise_without_a_test_is_noticed() {
    let text = "It never sleeps. <!-- promise: it_never_sleeps -->\nNo promise here.\n";
    assert_eq!(promises(text), ["it_never_sleeps"]);
    assert!(is_tested("it_never_sleeps", "#[test]\nfn it_never_sleeps() {}"));
    assert!(!is_tested("it_never_sleeps", "fn it_never_sleeps() {}"));
    assert!(!is_tested(
        "it_never_sleeps",
        "#[test]\nfn it_never_sleeps_long() {}"
    ));
}
