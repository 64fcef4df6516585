//! Whether a scan reads like a vendor's set-up barcode. Nobody's parcel and nobody's code looks like this.

/// How set-up barcodes begin: Newland (`@SETUPE1`), its older models (`NLS0006010;`), Netum and relatives (`%%SpecCode`),
/// modules with AT commands, and the caret commands of Chinese modules (`^3^0003020.`).
const BEGINNINGS: [&str; 5] = ["@", "NLS0", "%%", "AT+", "^"];
/// Honeywell's menu commands are words of six or more capitals and digits with this behind them (`DEFALT.`, `TERMID0!`).
const MENU_ENDS: [char; 2] = ['.', '!'];
/// Letters and digits of the shortest menu command.
const MENU_LEAST: usize = 6;
/// Letters that a menu command begins with: a number with a full stop behind it is somebody's label.
const MENU_LETTERS: usize = 3;

/// Whether `text` reads like a set-up barcode of a vendor.
#[must_use]
pub fn looks_like_set_up(text: &str) -> bool {
    if BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) {
        return true;
    }
    let Some(command) = text.strip_suffix(MENU_ENDS) else { return false };
    let plain = command.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let begins = command.bytes().take(MENU_LETTERS).all(|byte| byte.is_ascii_uppercase());
    plain && begins && command.len() >= MENU_LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_up_codes_are_told_from_labels_and_codes() {
        for code in
            ["@SETUPE1", "NLS0006010;", "%%SpecCode9A", "AT+BAUD=9600", "DEFALT.", "TERMID0!", "^3^0003020."]
        {
            assert!(looks_like_set_up(code), "{code}");
        }
        for label in [
            "271 828 182 8",
            "1Z999AA10123456784",
            "]C1420606019261290100",
            "4b",
            "JD014600006281230701",
            "12345678.",
        ] {
            assert!(!looks_like_set_up(label), "{label}");
        }
    }
}
