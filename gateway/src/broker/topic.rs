//! Topics and filters as text: what may be in one, and when one covers another.

/// Longest topic or filter in bytes. The small brokers of other makers stop at 256.
pub const TOPIC_BYTES_MAX: usize = 256;
/// Most levels of a topic or filter: AWS IoT stops at 8.
pub const TOPIC_LEVELS_MAX: usize = 8;

/// Why a topic or filter is refused whoever asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTopic {
    /// Nothing, or more than [`TOPIC_BYTES_MAX`] bytes.
    #[error("a topic has 1 to {TOPIC_BYTES_MAX} bytes")]
    Length,
    /// More than [`TOPIC_LEVELS_MAX`] levels.
    #[error("a topic has at most {TOPIC_LEVELS_MAX} levels")]
    Levels,
    /// A character that is not visible ASCII. One whose first letter is not ASCII stops rumqttd's router thread.
    #[error("a topic is visible ASCII only")]
    Character,
    /// An empty level.
    #[error("a topic has no empty level")]
    EmptyLevel,
    /// `+` or `#` in a topic, or not alone in its level, or `#` before the end.
    #[error("a wildcard stands alone in its level of a filter, and # at its end")]
    Wildcard,
    /// A `$share/…` filter.
    #[error("shared subscriptions are not offered")]
    Shared,
}

/// Checks a topic to publish to.
///
/// # Errors
/// [`BadTopic`] names the first rule broken.
pub fn check_topic(topic: &str) -> Result<(), BadTopic> {
    check_text(topic)?;
    if topic.contains(['+', '#']) {
        return Err(BadTopic::Wildcard);
    }
    Ok(())
}

/// Checks a filter to subscribe to.
///
/// # Errors
/// [`BadTopic`] names the first rule broken.
pub fn check_filter(filter: &str) -> Result<(), BadTopic> {
    check_text(filter)?;
    if filter.starts_with("$share/") {
        return Err(BadTopic::Shared);
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let alone = level.len() == 1;
        let last = levels.peek().is_none();
        if (level.contains('+') && !alone) || (level.contains('#') && !(alone && last)) {
            return Err(BadTopic::Wildcard);
        }
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), BadTopic> {
    if text.is_empty() || text.len() > TOPIC_BYTES_MAX {
        return Err(BadTopic::Length);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadTopic::Character);
    }
    if text.split('/').any(str::is_empty) {
        return Err(BadTopic::EmptyLevel);
    }
    if text.split('/').count() > TOPIC_LEVELS_MAX {
        return Err(BadTopic::Levels);
    }
    Ok(())
}

/// Whether a filter has a wildcard.
#[must_use]
pub fn has_wildcard(filter: &str) -> bool {
    filter.contains(['+', '#'])
}

/// Whether every topic that `filter` matches is matched by `pattern` too. A topic is a filter that matches itself.
#[must_use]
pub fn covers(pattern: &str, filter: &str) -> bool {
    let mut wanted = filter.split('/');
    for allowed in pattern.split('/') {
        match (allowed, wanted.next()) {
            // "a/#" matches "a" as well, so it covers a filter that ends here.
            ("#", _) => return true,
            (_, None | Some("#")) => return false,
            ("+", Some(_)) => {}
            (allowed, Some(level)) if allowed == level => {}
            _ => return false,
        }
    }
    wanted.next().is_none()
}

/// Whether some topic is matched by both filters.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    let (mut left, mut right) = (one.split('/'), other.split('/'));
    loop {
        match (left.next(), right.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (None, _) | (_, None) => return false,
            (Some("+"), Some(_)) | (Some(_), Some("+")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_a_filter_when_every_topic_of_it_matches() {
        for (pattern, filter, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/+", "a/b", true),
            ("a/+", "a/+", true),
            ("a/+", "a/#", false),
            ("a/+", "a", false),
            ("a/+", "a/b/c", false),
            ("a/#", "a", true),
            ("a/#", "a/#", true),
            ("a/#", "a/+/c", true),
            ("a/#", "+/b", false),
            ("a/#", "#", false),
            ("a/b", "a/+", false),
            ("a/+/c", "a/b/+", false),
        ] {
            assert_eq!(covers(pattern, filter), expected, "{pattern} covers {filter}");
        }
    }

    #[test]
    fn filters_overlap_when_a_topic_matches_both() {
        for (one, other, expected) in [
            ("a/+", "a/b", true),
            ("a/#", "a", true),
            ("+/b", "a/+", true),
            ("a/b", "a/b/c", false),
            ("a/+/c", "a/b/d", false),
            ("#", "x/y", true),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} with {other}");
            assert_eq!(overlap(other, one), expected, "{other} with {one}");
        }
    }

    #[test]
    fn a_bad_text_is_named() {
        assert_eq!(check_topic(""), Err(BadTopic::Length));
        assert_eq!(check_topic(&"a".repeat(257)), Err(BadTopic::Length));
        assert_eq!(check_topic("1/2/3/4/5/6/7/8/9"), Err(BadTopic::Levels));
        assert_eq!(check_topic("ä/b"), Err(BadTopic::Character));
        assert_eq!(check_topic("a/b c"), Err(BadTopic::Character));
        assert_eq!(check_topic("a//b"), Err(BadTopic::EmptyLevel));
        assert_eq!(check_topic("a/+"), Err(BadTopic::Wildcard));
        assert_eq!(check_topic("a/b"), Ok(()));
        assert_eq!(check_filter("$share/group/a"), Err(BadTopic::Shared));
        assert_eq!(check_filter("a/b+"), Err(BadTopic::Wildcard));
        assert_eq!(check_filter("a/#/b"), Err(BadTopic::Wildcard));
        assert_eq!(check_filter("a/+/#"), Ok(()));
    }
}
