//! The relay cannot decrypt: of ours it links `sipher-wire` only (claim 1 of `spec/README.md`).
//!
//! Read from cargo's own dependency graph, so that a dependency added anywhere is seen here.
#![expect(clippy::unwrap_used, reason = "a test helper that fails should fail loudly")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages that hold keys or ciphers of the protocol. None may be below the relay, nor OpenMLS.
const FORBIDDEN: [&str; 8] = [
    "x25519-dalek",
    "chacha20poly1305",
    "chacha20",
    "hkdf",
    "ml-kem",
    "argon2",
    "openmls",
    "bip39",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Names of all packages that `package` links or builds with, on every target, with every feature.
fn packages_below(manifest_dir: &Path, package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            package,
            "--edges",
            "normal,build",
            "--target",
            "all",
        ])
        .args(["--all-features", "--prefix", "none", "--format", "{p}"])
        .current_dir(manifest_dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo tree failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn ours(packages: &BTreeSet<String>) -> BTreeSet<&str> {
    packages
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("sipher-"))
        .collect()
}

fn forbidden(packages: &BTreeSet<String>) -> Vec<&str> {
    FORBIDDEN
        .into_iter()
        .filter(|name| packages.contains(*name))
        .collect()
}

#[test]
fn the_relay_links_wire_and_nothing_else_of_ours() {
    let packages = packages_below(&root(), "sipher-relay");
    assert_eq!(ours(&packages), BTreeSet::from(["sipher-relay", "sipher-wire"]));
    assert_eq!(forbidden(&packages), Vec::<&str>::new());
}

#[test]
fn wire_and_crypto_do_not_know_each_other() {
    assert_eq!(
        ours(&packages_below(&root(), "sipher-wire")),
        BTreeSet::from(["sipher-wire"])
    );
    assert_eq!(
        ours(&packages_below(&root(), "sipher-crypto")),
        BTreeSet::from(["sipher-crypto"])
    );
}

#[test]
fn only_wire_depends_on_rsip() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let users: Vec<&str> = lock
        .split("[[package]]")
        .filter(|package| package.lines().any(|line| line.trim() == "\"rsip\","))
        .filter_map(|package| package.lines().find_map(|line| line.strip_prefix("name = ")))
        .collect();
    assert_eq!(users, ["\"sipher-wire\""]);
}

#[test]
fn every_package_of_the_workspace_bears_our_prefix() {
    for folder in [
        "core/wire",
        "core/crypto",
        "core/engine",
        "core/client",
        "core/sim",
        "relay",
        "cli",
        "spec",
        "spec/models/stateright",
        "spec/bench",
        "fuzz",
    ] {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let name = manifest
            .lines()
            .find_map(|line| line.strip_prefix("name = "))
            .unwrap();
        assert!(name.starts_with("\"sipher-"), "{folder}: {name}");
    }
}

/// The proof above can fail: a copy of the manifests in which the relay depends on crypto is refused.
#[test]
fn a_relay_that_links_crypto_is_noticed() {
    let copy = tempfile::tempdir().unwrap();
    copy_manifests(&root(), copy.path());
    let manifest = copy.path().join("relay/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let leaky = text.replacen(
        "[dependencies]\n",
        "[dependencies]\nsipher-crypto.workspace = true\n",
        1,
    );
    assert_ne!(text, leaky);
    std::fs::write(&manifest, leaky).unwrap();

    let packages = packages_below(copy.path(), "sipher-relay");

    assert!(ours(&packages).contains("sipher-crypto"));
    assert!(forbidden(&packages).contains(&"x25519-dalek"));
}

/// Copies what cargo needs to resolve the workspace: manifests, the lock file and empty sources.
fn copy_manifests(from: &Path, to: &Path) {
    for file in ["Cargo.toml", "Cargo.lock"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    for folder in [
        "core/wire",
        "core/crypto",
        "core/engine",
        "core/client",
        "core/sim",
        "relay",
        "cli",
        "spec",
        "spec/models/stateright",
        "spec/bench",
        "fuzz",
    ] {
        std::fs::create_dir_all(to.join(folder).join("src")).unwrap();
        std::fs::copy(
            from.join(folder).join("Cargo.toml"),
            to.join(folder).join("Cargo.toml"),
        )
        .unwrap();
        for source in ["src/lib.rs", "src/main.rs"] {
            if from.join(folder).join(source).exists() {
                std::fs::write(to.join(folder).join(source), "").unwrap();
            }
        }
        for extra in ["benches", "examples", "src/bin"] {
            copy_names(&from.join(folder).join(extra), &to.join(folder).join(extra));
        }
    }
}

/// Empty files of the same names: cargo only asks whether a target exists.
fn copy_names(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else {
        return;
    };
    std::fs::create_dir_all(to).unwrap();
    for entry in entries {
        std::fs::write(to.join(entry.unwrap().file_name()), "").unwrap();
    }
}
