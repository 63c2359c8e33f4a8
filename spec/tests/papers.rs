//! The papers stay true: every path that they name exists, and they keep to the form that `conventions.md` promises.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Names of documents that were never part of the repository, and words that only lead to one.
const PLANS: [&str; 8] = [
    "CRYPTO",
    "SIP",
    "DESIGN",
    "PERFORMANCE",
    "STYLE",
    "COMMON",
    "UX",
    "STORE",
];

/// What a text names that an outsider can't open: a plan, or a Markdown file that is nowhere.
fn dangling<'a>(text: &'a str, names: &BTreeSet<String>) -> Vec<&'a str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')));
    words
        .map(|word| word.trim_matches(['.', '/', '-']))
        .filter(|word| {
            let name = word.rsplit('/').next().unwrap_or(word);
            let is_document = Path::new(name).extension().is_some_and(|ending| ending == "md");
            is_document && name.len() > 3 && !names.contains(name)
        })
        .chain(
            PLANS
                .into_iter()
                .filter(|plan| text.contains(&format!("{plan} section"))),
        )
        .collect()
}

#[test]
fn no_file_of_ours_names_a_document_that_does_not_exist() {
    let files = tracked();
    let names: BTreeSet<String> = files.iter().map(|path| name_of(path)).collect();
    let mut wrong = Vec::new();
    for path in files
        .iter()
        .filter(|path| !path.ends_with("spec/tests/papers.rs"))
    {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        let found = dangling(&text, &names);
        wrong.extend(found.iter().map(|word| format!("{}: {word}", path.display())));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_document_that_does_not_exist_is_noticed() {
    let names = BTreeSet::from(["wire.md".to_owned()]);
    assert_eq!(dangling("see `spec/wire.md`, and SIP.md F1.", &names), ["SIP.md"]);
    assert_eq!(dangling("as DESIGN section 10 has it", &names), ["DESIGN"]);
    assert_eq!(dangling("[wire.md](wire.md). A .md file", &names), [""; 0]);
}

/// Every file that the repository holds, but for corpora.
fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--", ".", ":!fuzz/corpus"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "this test runs in a checkout");
    let list = String::from_utf8(output.stdout).unwrap();
    list.lines().map(PathBuf::from).collect()
}

#[test]
fn each_row_of_the_sip_checklist_is_shown_by_what_it_says() {
    let text = std::fs::read_to_string(root().join("spec/sip-checklist.md")).unwrap();
    let mut code = String::new();
    for folder in ["core", "relay"] {
        visit(&root().join(folder), &mut |_, text| code.push_str(text));
    }
    let mut rows = 0;
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, .., shown] = cells.as_slice() else {
            continue;
        };
        let (letter, number) = id.split_at(id.len().min(1));
        if !"FTGMPES".contains(letter) || number.parse::<u32>().is_err() {
            continue;
        }
        rows += 1;
        let by_name = code.contains(&format!("fn {}_", id.to_lowercase()));
        let by_id = code.contains(&format!("// spec: {}\n", shown.split(['.', ',']).next().unwrap()));
        let by_page = shown.contains("not built") || shown.starts_with("wire.md");
        assert!(
            if *shown == "test" {
                by_name
            } else {
                by_id || by_page
            },
            "{id}: {shown}"
        );
    }
    assert_eq!(rows, 72);
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
