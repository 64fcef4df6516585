//! The commissioning report that an installer hands over: Markdown to keep with the papers, HTML to print. Nothing is fetched.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::record::{ContactRecord, DoorRecord, Ending, WalkHead};

/// Folder of the reports, below the state folder.
pub const REPORTS: &str = "commissioning";

/// Everything the report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The building's name.
    pub name: String,
    /// How the walk began.
    pub head: WalkHead,
    /// When it ended, RFC 3339.
    pub ended: String,
    /// Version of the program.
    pub version: String,
    /// Every door of the banks that were walked.
    pub doors: Vec<DoorRecord>,
    /// Line quality: one sentence a line.
    pub lines: Vec<String>,
    /// What was not tested, one sentence each.
    pub untested: Vec<String>,
    /// What cannot be true at once; empty for a good walk.
    pub faults: Vec<String>,
}

const COLUMNS: [&str; 8] =
    ["Door", "Lock output", "Door contact", "Latch contact", "Opened after", "Pulses", "Result", "Remarks"];

impl Report {
    fn verdict(&self) -> String {
        let count = |ending| self.doors.iter().filter(|door| door.ending == ending).count();
        let (learned, failed, skipped) =
            (count(Ending::Learned), count(Ending::Failed), count(Ending::Skipped));
        let verdict = if failed + skipped == 0 && self.faults.is_empty() { "Passed" } else { "NOT COMPLETE" };
        format!("{verdict}: {learned} doors learned, {failed} failed, {skipped} not tested")
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let WalkHead { building, who, second, at, banks } = &self.head;
        let banks = if banks.is_empty() { "all".to_owned() } else { banks.join(", ") };
        let second = second.clone().unwrap_or_else(|| "nobody".to_owned());
        vec![
            ("Building", format!("{} ({building})", self.name)),
            ("Walked by", who.clone()),
            ("Second person", second),
            ("Begun", at.clone()),
            ("Ended", self.ended.clone()),
            ("Banks", banks),
            ("Program", format!("vestibule {}", self.version)),
            ("Result", self.verdict()),
        ]
    }

    fn rows(&self) -> impl Iterator<Item = [String; 8]> + '_ {
        self.doors.iter().map(|door| {
            let contact = |contact: &Option<ContactRecord>| match contact {
                Some(contact) => format!("{}, shut when {}", contact.input, contact.shut_when),
                None => "none".to_owned(),
            };
            let result = match door.ending {
                Ending::Learned => "learned",
                Ending::Failed => "FAILED",
                Ending::Skipped => "not tested",
            };
            [
                format!("{} ({})", door.label, door.compartment),
                door.lock.clone(),
                contact(&door.door),
                contact(&door.latch),
                door.opened_ms.map_or_else(|| "-".to_owned(), |millis| format!("{millis} ms")),
                door.pulses.to_string(),
                result.to_owned(),
                door.why.clone().unwrap_or_default(),
            ]
        })
    }

    fn lists(&self) -> [(&'static str, &[String]); 3] {
        [("What cannot be true", &self.faults), ("Not tested", &self.untested), ("Line quality", &self.lines)]
    }
}

/// The report as Markdown.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut all = format!("# Commissioning report: {}\n\n", cell(&report.name));
    let mut line = |text: String| writeln!(all, "{text}").unwrap_or_default();
    line("| | |\n| --- | --- |".to_owned());
    report.facts().iter().for_each(|(what, value)| line(format!("| {what} | {} |", cell(value))));
    line(format!("\n## Doors\n\n| {} |\n|{}", COLUMNS.join(" | "), " --- |".repeat(COLUMNS.len())));
    report.rows().for_each(|row| line(format!("| {} |", row.map(|text| cell(&text)).join(" | "))));
    for (title, items) in report.lists().into_iter().filter(|(_, items)| !items.is_empty()) {
        line(format!("\n## {title}\n"));
        items.iter().for_each(|item| line(format!("- {}", cell(item))));
    }
    line("\n## Signatures\n\nInstaller: ______________________________  Date: ______________\n".to_owned());
    line("For the building: _______________________  Date: ______________".to_owned());
    all
}

/// The report as one HTML page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut body = format!("<h1>Commissioning report: {}</h1>\n<table class=facts>\n", escaped(&report.name));
    for (what, value) in report.facts() {
        writeln!(body, "<tr><th>{what}</th><td>{}</td></tr>", escaped(&value)).unwrap_or_default();
    }
    let heads = COLUMNS.map(|head| format!("<th>{head}</th>")).concat();
    write!(body, "</table>\n<h2>Doors</h2>\n<table>\n<tr>{heads}</tr>\n").unwrap_or_default();
    for row in report.rows() {
        let cells = row.map(|text| format!("<td>{}</td>", escaped(&text))).concat();
        writeln!(body, "<tr>{cells}</tr>").unwrap_or_default();
    }
    body.push_str("</table>\n");
    for (title, items) in report.lists().into_iter().filter(|(_, items)| !items.is_empty()) {
        let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
        write!(body, "<h2>{title}</h2>\n<ul>\n{items}</ul>\n").unwrap_or_default();
    }
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<title>Commissioning report: {}</title>\n<style>\n\
         body {{ font: 11pt sans-serif; margin: 2cm }}\ntable {{ border-collapse: collapse }}\n\
         th, td {{ border: 1px solid #999; padding: 3px 8px; text-align: left }}\n.facts th {{ width: 10em }}\n\
         .sign div {{ margin-top: 2cm; border-top: 1px solid #000; width: 10cm; padding-top: 4px }}\n</style>\n<body>\n{body}\
         <div class=sign><div>Installer, date</div><div>For the building, date</div></div>\n</body>\n</html>\n",
        escaped(&report.name)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let door = |ending, why: Option<&str>| DoorRecord {
            compartment: "a-1".into(),
            label: "A<1>".into(),
            lock: "locks/3".into(),
            door: Some(ContactRecord { input: "doors/5".into(), shut_when: "off".into() }),
            latch: None,
            opened_ms: Some(140),
            pulses: 1,
            ending,
            why: why.map(str::to_owned),
            at: String::new(),
        };
        Report {
            name: "Maple & Court".into(),
            head: WalkHead {
                building: "maple-court".into(),
                who: "os:anna".into(),
                second: None,
                at: "2026-11-21T10:00:00Z".into(),
                banks: Vec::new(),
            },
            ended: "2026-11-21T10:20:00Z".into(),
            version: "0.1.0".into(),
            doors: vec![door(Ending::Learned, None), door(Ending::Failed, Some("nothing | moved"))],
            lines: vec!["rs485-1: 400 questions, 0 unanswered".into()],
            untested: Vec::new(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn report_says_what_failed_and_has_a_place_for_signatures() {
        let text = markdown(&report());
        assert!(text.contains("NOT COMPLETE: 1 doors learned, 1 failed, 0 not tested"), "{text}");
        assert!(text.contains("doors/5, shut when off") && text.contains("nothing \\| moved"));
        assert!(text.contains("Installer: ___") && !text.contains("## Not tested"));
    }

    #[test]
    fn page_fetches_nothing_and_takes_names_as_text() {
        let page = html(&report());
        assert!(page.contains("Maple &amp; Court") && page.contains("A&lt;1&gt;"));
        assert!(!page.contains("http") && !page.contains("src=") && page.contains("Installer, date"));
    }
}
