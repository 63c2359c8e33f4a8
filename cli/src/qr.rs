//! An invitation as a picture in the terminal: half blocks, two rows of modules a line of text.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The picture with its quiet zone; `None` when the text is too long for one.
///
/// Text of `0-9 A-Z $%*+-./:` up to 154 characters takes at most 23 lines and so fits a terminal of 24.
pub(crate) fn picture(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    // Light modules are drawn and dark ones left out: right in a terminal with a dark background, which most are,
    // and scanners of today read the negative that others show.
    Some(
        code.render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_of_154_characters_fits_a_terminal() {
        let text = "SIPHER:R.EXAMPLE.ORG/"
            .chars()
            .chain("K7Q4".chars().cycle())
            .take(154)
            .collect::<String>();

        let picture = picture(&text).unwrap();

        assert!(picture.lines().count() <= 23, "{}", picture.lines().count());
        assert!(picture.lines().all(|line| line.chars().count() <= 45));
    }

    #[test]
    fn the_quiet_zone_around_it_is_light() {
        let picture = picture("SIPHER:R.EXAMPLE.ORG/K7Q4").unwrap();

        assert!(
            picture.lines().next().unwrap().chars().all(|c| c == '█'),
            "{picture}"
        );
    }

    #[test]
    fn a_text_that_no_code_holds_has_no_picture() {
        assert!(picture(&"A".repeat(8_000)).is_none());
    }
}
