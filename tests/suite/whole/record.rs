//! The exported journal, as rows to look at.

use serde_json::Value;
use vestibule_demo::house::House;

/// One row.
#[derive(Clone, Debug)]
pub struct Row(Value);

impl Row {
    pub fn read(event: Value) -> Self {
        Self(event)
    }

    pub fn sequence(&self) -> u64 {
        self.0["sequence"].as_str().unwrap().parse().unwrap()
    }

    pub fn event_type(&self) -> &str {
        self.0["type"].as_str().unwrap()
    }

    /// RFC 3339 in UTC and of one length, so that text compares as time does.
    pub fn time(&self) -> &str {
        self.0["time"].as_str().unwrap()
    }

    pub fn trust(&self) -> &str {
        self.0["clocktrust"].as_str().unwrap()
    }

    pub fn data(&self) -> &Value {
        &self.0["data"]
    }
}

/// All rows, oldest first. The sequences must have no gap, and time must never go back.
pub fn export(house: &House) -> Vec<Row> {
    let printed = house.ask(&["journal", "export"]).unwrap();
    let rows: Vec<Row> = printed.lines().map(|line| Row(serde_json::from_str(line).unwrap())).collect();
    rows.iter().zip(1..).for_each(|(row, sequence)| assert_eq!(row.sequence(), sequence));
    rows.windows(2).for_each(|two| assert!(two[0].time() <= two[1].time(), "time went back: {two:?}"));
    rows
}

/// Asserts that rows of these types are there in this order, with anything in between.
pub fn in_order(rows: &[Row], wanted: &[&str]) {
    let mut rest = rows.iter().map(Row::event_type);
    for name in wanted {
        assert!(
            rest.any(|found| found == *name),
            "{name} is missing in order in {:?}",
            rows.iter().map(Row::event_type).collect::<Vec<_>>()
        );
    }
}
