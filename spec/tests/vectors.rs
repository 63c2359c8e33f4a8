//! The vectors' files are what the code makes, and the code does what each vector says.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sipher_spec::vectors::{File, check, render, topics};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn read(topic: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{topic}.json"))).unwrap()
}

#[test]
fn every_file_is_byte_for_byte_what_the_code_makes() {
    for topic in topics() {
        assert!(
            read(topic.name) == render(&topic).unwrap(),
            "{} differs: see spec/vectors/README.md",
            topic.name
        );
    }
}

/// The files alone decide here: nothing of the generator but the runner is used.
#[test]
fn the_code_does_what_each_vector_says() {
    for topic in topics() {
        let file: File = serde_json::from_str(&read(topic.name)).unwrap();
        for vector in &file.vectors {
            check(&topic, vector).unwrap();
        }
    }
}

#[test]
fn there_are_many_vectors_and_more_refusals_than_successes() {
    let files: Vec<File> = topics()
        .iter()
        .map(|topic| serde_json::from_str(&read(topic.name)).unwrap())
        .collect();
    let all = || files.iter().flat_map(|file| &file.vectors);
    let successes = all().filter(|vector| vector.expect == "ok").count();
    assert!(all().count() >= 500, "{}", all().count());
    assert!(all().count() > 2 * successes, "{successes} of {}", all().count());
    assert!(all().all(|vector| !vector.comment.is_empty()));
}

#[test]
fn names_of_vectors_are_unique_and_no_file_is_left_over() {
    let names: BTreeSet<String> = topics()
        .iter()
        .map(|topic| format!("{}.json", topic.name))
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "json"))
        .collect();
    assert_eq!(names, there);
    for topic in topics() {
        let file: File = serde_json::from_str(&read(topic.name)).unwrap();
        let ids: BTreeSet<&str> = file.vectors.iter().map(|vector| vector.id.as_str()).collect();
        assert_eq!(ids.len(), file.vectors.len(), "{}", topic.name);
    }
}

/// A vector that was changed in any output, or whose class was changed, is noticed: the check can fail.
#[test]
fn a_changed_vector_is_noticed() {
    for topic in topics() {
        let file: File = serde_json::from_str(&read(topic.name)).unwrap();
        let mut refusal = file
            .vectors
            .iter()
            .find(|vector| vector.expect != "ok")
            .unwrap()
            .clone();
        refusal.expect = "another-class".to_owned();
        assert!(check(&topic, &refusal).is_err(), "{}", topic.name);
        let has_output = |vector: &&sipher_spec::vectors::Vector| {
            vector
                .output
                .as_ref()
                .is_some_and(|output| *output != sipher_spec::vectors::Fields::new())
        };
        let mut success = file.vectors.iter().find(has_output).unwrap().clone();
        success.output = success.output.map(|output| output.text("added", "value"));
        assert!(check(&topic, &success).is_err(), "{}", topic.name);
    }
}
