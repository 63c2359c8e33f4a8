//! Promise: a recovery phrase that was typed is refused or reads as the words that are shown. Spec: `spec/account-store.md`, phrase.

use sipher_crypto::Phrase;

/// What a person typed.
pub(crate) fn target(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let Ok(phrase) = Phrase::parse(text) else { return };
    let words = phrase.expose_words();
    assert!(words.is_ok(), "a phrase without words");
    if let Ok(words) = words {
        assert_eq!(words.split(' ').count(), 12);
        let again = Phrase::parse(&words).and_then(|again| again.expose_words());
        assert!(again.is_ok_and(|again| again == words), "other words");
    }
}
