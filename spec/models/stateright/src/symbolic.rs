//! The symbolic models of the handshake: files for Verifpal, each with its expected verdicts at its head.
//!
//! The head is made of comment lines: `shows:` one sentence; `quick:` and `long:` a number of sessions and the expected short
//! form; `from:` the file that this one is a copy of, but for the lines that bear a mark. So nobody has to compare by eye, and a
//! change of the base that forgets a variant is noticed.

use std::path::{Path, PathBuf};

use crate::verdict::Verdict;

/// What is wrong with the file of a model.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its head lacks a line, or has one that means nothing.
    #[error("{path}: the head has no usable line `{line}:`")]
    Head {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: &'static str,
    },
}

/// When a question is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effort {
    /// In each run: seconds.
    Quick,
    /// Only in the long mode: minutes.
    Long,
}

/// A number of concurrent sessions and what the prover should say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// When to ask.
    pub effort: Effort,
    /// How many concurrent runs of the protocol each side takes part in.
    pub sessions: u8,
    /// The answers that we expect.
    pub expected: Verdict,
}

/// The file that a model was derived from, and the mark of the lines that differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// Name of the file, in the same folder.
    pub file: String,
    /// The word at the end of each line that differs.
    pub mark: String,
}

/// One model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Model {
    /// Its file.
    pub path: PathBuf,
    /// What it shows, in a sentence.
    pub shows: String,
    /// What to ask.
    pub questions: Vec<Question>,
    /// What it was derived from.
    pub origin: Option<Origin>,
    /// All lines below the head.
    pub body: Vec<String>,
}

/// The folder that holds the models.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// All models of `folder`, by name.
///
/// # Errors
/// A [`Fault`] that says which file is wrong.
pub fn read_all(folder: &Path) -> Result<Vec<Model>, Fault> {
    let unreadable = |source| Fault::Unreadable {
        path: folder.to_path_buf(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "vp") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| Model::read(path)).collect()
}

impl Model {
    /// Reads one file.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be read or its head is not as the module says.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(path).map_err(|source| Fault::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Whether this one is wrong on purpose.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.mark == "broken")
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Fault> {
        let fault = |line| Fault::Head {
            path: path.to_path_buf(),
            line,
        };
        let mut shows = None;
        let mut questions = Vec::new();
        let mut origin = None;
        for line in text
            .lines()
            .map_while(|line| line.strip_prefix("//"))
            .map(str::trim)
        {
            if let Some(rest) = line.strip_prefix("shows: ") {
                shows = Some(rest.to_owned());
            } else if let Some(rest) = line.strip_prefix("quick: ") {
                questions.push(question(Effort::Quick, rest).ok_or_else(|| fault("quick"))?);
            } else if let Some(rest) = line.strip_prefix("long: ") {
                questions.push(question(Effort::Long, rest).ok_or_else(|| fault("long"))?);
            } else if let Some(rest) = line.strip_prefix("from: ") {
                let (file, mark) = rest.split_once(", lines marked ").ok_or_else(|| fault("from"))?;
                origin = Some(Origin {
                    file: file.to_owned(),
                    mark: mark.to_owned(),
                });
            }
        }
        if questions.is_empty() {
            return Err(fault("quick"));
        }
        let body = text
            .lines()
            .skip_while(|line| line.starts_with("//"))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            path: path.to_path_buf(),
            shows: shows.ok_or_else(|| fault("shows"))?,
            questions,
            origin,
            body,
        })
    }

    /// The body with its marked lines undone: what its origin must look like.
    #[must_use]
    pub fn restored(&self) -> Vec<String> {
        let Some(origin) = &self.origin else {
            return self.body.clone();
        };
        let left_out = format!("// {} left out: ", origin.mark);
        let added = format!(" // {}", origin.mark);
        self.body
            .iter()
            .filter(|line| !line.ends_with(&added))
            .map(|line| line.replacen(&left_out, "", 1))
            .collect()
    }

    /// The text of each query.
    #[must_use]
    pub fn queries(&self) -> Vec<&str> {
        self.body
            .iter()
            .skip_while(|line| *line != "queries[")
            .skip(1)
            .map(|line| line.trim())
            .take_while(|line| *line != "]")
            .filter(|line| !line.starts_with("//"))
            .collect()
    }
}

/// `1 session c0a0` or `2 sessions c0a1`.
fn question(effort: Effort, text: &str) -> Option<Question> {
    let (sessions, rest) = text.split_once(' ')?;
    let (_, code) = rest.split_once(' ')?;
    Some(Question {
        effort,
        sessions: sessions.parse().ok()?,
        expected: Verdict::parse(code)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::verdict::Answer;

    fn models() -> BTreeMap<String, Model> {
        read_all(&folder())
            .unwrap()
            .into_iter()
            .map(|model| (model.name(), model))
            .collect()
    }

    #[test]
    fn every_variant_is_its_origin_but_for_its_marked_lines() {
        let models = models();
        for (name, model) in &models {
            match &model.origin {
                Some(origin) => {
                    let origin_model = models
                        .get(&origin.file)
                        .unwrap_or_else(|| panic!("{name}: no {}", origin.file));
                    assert_eq!(model.restored(), origin_model.body, "{name}");
                    assert_ne!(model.body, origin_model.body, "{name} changes nothing");
                }
                None => assert_eq!(name, "handshake-a.vp"),
            }
        }
    }

    #[test]
    fn every_variant_has_a_broken_model() {
        let models = models();
        for variant in 'a'..='i' {
            assert!(
                models.contains_key(&format!("handshake-{variant}.vp")),
                "{variant}"
            );
            assert!(
                models.contains_key(&format!("handshake-{variant}-broken.vp")),
                "{variant}"
            );
        }
    }

    #[test]
    fn every_broken_model_must_lose_a_query_that_its_origin_keeps() {
        let models = models();
        for (name, model) in models.iter().filter(|(_, model)| model.is_broken()) {
            let origin = models.get(&model.origin.as_ref().unwrap().file).unwrap();
            let kept = answers(origin);
            let lost = answers(model);
            assert!(
                lost.iter().any(
                    |(query, answer)| *answer == Answer::Fails && kept.get(query) == Some(&Answer::Holds)
                ),
                "{name} loses nothing"
            );
        }
    }

    /// The expected answers at one session, by query.
    fn answers(model: &Model) -> BTreeMap<&str, Answer> {
        let one = model
            .questions
            .iter()
            .find(|question| question.sessions == 1)
            .unwrap();
        model
            .queries()
            .into_iter()
            .zip(one.expected.answers().map(|(_, answer)| answer))
            .collect()
    }

    #[test]
    fn every_expectation_has_an_answer_for_each_query() {
        for (name, model) in models() {
            for question in &model.questions {
                let kinds = model
                    .queries()
                    .iter()
                    .map(|query| query.chars().next())
                    .collect::<Vec<_>>();
                let code = question.expected.to_string();
                assert_eq!(
                    kinds,
                    code.chars().step_by(2).map(Some).collect::<Vec<_>>(),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_head_without_expectations_is_refused() {
        let path = Path::new("x.vp");
        for text in [
            "// shows: something\n\nqueries[",
            "// shows: x\n// quick: 1 session\n",
            "// quick: 1 session c0\n",
        ] {
            assert!(
                matches!(Model::parse(path, text), Err(Fault::Head { .. })),
                "{text}"
            );
        }
    }
}
