//! The papers stay true: every path that they name exists, and they keep to the form that `conventions.md` promises.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Every document of the specification, with its text.
fn documents() -> Vec<(String, String)> {
    let folder = root().join("spec");
    let mut documents: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| (name_of(&path), std::fs::read_to_string(&path).unwrap()))
        .collect();
    documents.sort();
    documents
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Paths in code marks that begin with a folder of ours.
fn named_paths(text: &str) -> Vec<&str> {
    const FOLDERS: [&str; 6] = ["core/", "relay/", "cli/", "spec/", "fuzz/", ".ci/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        .filter(|word| !word.contains([' ', '*', '{', '<']))
        .collect()
}

fn missing<'a>(text: &'a str, root: &Path) -> Vec<&'a str> {
    named_paths(text)
        .into_iter()
        .filter(|path| !root.join(path).exists())
        .collect()
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(!named_paths(&text).is_empty(), "ARCHITECTURE.md names no path");
    assert_eq!(missing(&text, &root()), Vec::<&str>::new());
}

#[test]
fn every_path_that_the_specification_names_exists() {
    for (name, text) in documents() {
        assert_eq!(missing(&text, &root()), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for (name, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            let is_ours = !file.contains("://") && !file.is_empty();
            assert!(
                !is_ours || root().join("spec").join(file).exists(),
                "{name}: {target}"
            );
        }
    }
}

#[test]
fn every_document_that_code_names_exists() {
    let mut wrong = Vec::new();
    for folder in ["core", "relay", "cli", "fuzz"] {
        visit(&root().join(folder), &mut |path, text| {
            for name in text
                .split("spec/")
                .skip(1)
                .filter_map(|rest| rest.split_once(".md"))
            {
                let is_name = name
                    .0
                    .bytes()
                    .all(|octet| octet.is_ascii_lowercase() || octet == b'-');
                if is_name
                    && !name.0.is_empty()
                    && !root().join("spec").join(format!("{}.md", name.0)).exists()
                {
                    wrong.push(format!("{}: spec/{}.md", path.display(), name.0));
                }
            }
        });
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_document_is_too_long_to_be_read_at_once() {
    for (name, text) in documents() {
        assert!(
            text.lines().count() < 500,
            "{name} has {} lines",
            text.lines().count()
        );
    }
}

/// Hands every Rust file below a folder to `look`.
fn visit(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            look(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
