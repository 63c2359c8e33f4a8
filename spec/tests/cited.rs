//! Each requirement of `spec/*.md` is cited by the code that fulfills it and by a test that would notice if it didn't.
//!
//! A citation is a line of its own, `// spec: link-17`. Those in `tests/` folders, in `tests.rs`, behind `mod tests`, and in
//! the makers of vectors count as tests, all others as code. What lacks one of the two stands in `spec/open.md` with a
//! reason, and nothing else may stand there.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Text of every document but `open.md`.
fn documents() -> Vec<String> {
    let texts = std::fs::read_dir(root().join("spec"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let documents = texts
        .filter(|path| path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("open.md"));
    documents
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// Requirements of a text: id and sentence.
fn requirements(text: &str) -> Vec<(&str, &str)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("** "));
    lines.filter(|(id, _)| is_id(id)).collect()
}

fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(word, number)| {
        word.bytes().all(|octet| octet.is_ascii_lowercase()) && number.parse::<u32>().is_ok()
    })
}

/// Ids with their reasons, from the table of `open.md`.
fn open() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("spec/open.md")).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.filter(|(id, _)| is_id(id))
        .map(|(id, reason)| (id.to_owned(), reason.to_owned()))
        .collect()
}

/// Who cites: ids by code, ids by tests.
#[derive(Default)]
struct Citations {
    by_code: BTreeSet<String>,
    by_tests: BTreeSet<String>,
}

impl Citations {
    fn of_sources() -> Self {
        let mut citations = Self::default();
        for folder in ["core", "relay", "cli", "spec"] {
            citations.visit(&root().join(folder));
        }
        citations
    }

    fn visit(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.visit(&path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                self.read(&path, &std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    fn read(&mut self, path: &Path, text: &str) {
        let path = path.to_string_lossy();
        let mut is_test =
            path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("spec/src/vectors/");
        for line in text.lines() {
            is_test |= line.starts_with("mod tests {");
            if let Some(id) = line.trim_start().strip_prefix("// spec: ") {
                let cited = if is_test {
                    &mut self.by_tests
                } else {
                    &mut self.by_code
                };
                cited.insert(id.trim().to_owned());
            }
        }
    }
}

#[test]
fn every_requirement_has_one_must_and_every_must_an_id() {
    for text in documents() {
        for (id, sentence) in requirements(&text) {
            assert_eq!(sentence.matches("MUST").count(), 1, "{id}: {sentence}");
        }
        let loose = text
            .lines()
            .filter(|line| line.contains("MUST") && !line.starts_with("- **"));
        let loose: Vec<&str> = loose.filter(|line| !line.contains("(RFC 2119)")).collect();
        assert_eq!(loose, Vec::<&str>::new());
    }
}

#[test]
fn ids_are_unique_and_numbered_without_gaps() {
    let texts = documents();
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (id, _) in texts.iter().flat_map(|text| requirements(text)) {
        let (word, number) = id.rsplit_once('-').unwrap();
        numbers.entry(word).or_default().push(number.parse().unwrap());
    }
    for (word, mut found) in numbers {
        found.sort_unstable();
        assert_eq!(
            found,
            (1..=u32::try_from(found.len()).unwrap()).collect::<Vec<_>>(),
            "{word}"
        );
    }
}

#[test]
fn every_requirement_is_cited_by_code_and_by_a_test_or_is_open() {
    let (texts, open, citations) = (documents(), open(), Citations::of_sources());
    let mut faults = Vec::new();
    for (id, _) in texts.iter().flat_map(|text| requirements(text)) {
        let (code, test) = (citations.by_code.contains(id), citations.by_tests.contains(id));
        match (code && test, open.contains_key(id)) {
            (false, false) => faults.push(format!("{id}: code {code}, test {test}")),
            (true, true) => faults.push(format!("{id} is cited by both, and still open")),
            (true, false) | (false, true) => {}
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_citation_and_every_open_id_is_a_requirement() {
    let texts = documents();
    let known: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| requirements(text))
        .map(|(id, _)| id)
        .collect();
    let citations = Citations::of_sources();
    let open = open();
    let named = citations
        .by_code
        .iter()
        .chain(&citations.by_tests)
        .chain(open.keys());
    let unknown: Vec<&String> = named.filter(|id| !known.contains(id.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
    assert!(
        open.values().all(|reason| reason.len() > 10),
        "a reason is a sentence"
    );
}

#[test]
fn a_citation_in_a_test_is_told_from_one_in_code() {
    let mut citations = Citations::default();
    let text = "fn a() {\n    // spec: one-1\n}\n#[cfg(test)]\nmod tests {\n    // spec: two-2\n    let x = \"spec: no\";\n}\n";
    citations.read(Path::new("core/x/src/a.rs"), text);
    citations.read(Path::new("core/x/src/a/tests.rs"), "// spec: three-3\n");
    assert_eq!(citations.by_code, BTreeSet::from(["one-1".to_owned()]));
    assert_eq!(
        citations.by_tests,
        BTreeSet::from(["two-2".to_owned(), "three-3".to_owned()])
    );
}
