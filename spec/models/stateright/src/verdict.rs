//! What the symbolic prover says of each query, in its own short form: `c0a1` means that the first query, of
//! confidentiality, holds and that an attack was found on the second, of authentication.

use std::fmt;

/// The kinds of query that our models ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Does a value stay secret?
    Confidentiality,
    /// Was what one side accepted sent by the other, and not accepted before?
    Authentication,
}

/// What became of one query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// No attack within the bound.
    Holds,
    /// An attack was found.
    Fails,
}

/// The answers to all queries of a model, in its order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict(Vec<(Kind, Answer)>);

impl Verdict {
    /// Reads the short form. `None` if it is anything else, or empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut answers = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let kind = match letter {
                'c' => Kind::Confidentiality,
                'a' => Kind::Authentication,
                _ => return None,
            };
            let answer = match letters.next()? {
                '0' => Answer::Holds,
                '1' => Answer::Fails,
                _ => return None,
            };
            answers.push((kind, answer));
        }
        (!answers.is_empty()).then_some(Self(answers))
    }

    /// Each query's kind and answer.
    pub fn answers(&self) -> impl ExactSizeIterator<Item = (Kind, Answer)> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, answer) in &self.0 {
            f.write_str(match kind {
                Kind::Confidentiality => "c",
                Kind::Authentication => "a",
            })?;
            f.write_str(match answer {
                Answer::Holds => "0",
                Answer::Fails => "1",
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_read_and_written() {
        let verdict = Verdict::parse("c0c1a1a0").unwrap();
        let answers: Vec<Answer> = verdict.answers().map(|(_, answer)| answer).collect();
        assert_eq!(
            answers,
            [Answer::Holds, Answer::Fails, Answer::Fails, Answer::Holds]
        );
        assert_eq!(verdict.to_string(), "c0c1a1a0");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "c", "c2", "x0", "c0 a1", "error: no such file"] {
            assert_eq!(Verdict::parse(text), None, "{text}");
        }
    }
}
