//! Lengths of functions, read from rustfmt's layout: a body ends at the first `}` in the column its `fn` line starts in.

/// Name and length in lines of every function with a body.
pub(super) fn lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter_map(|(at, line)| Some((at, name(line)?)));
    starts.filter_map(|(at, name)| Some((name, length(&lines[at..])?))).collect()
}

/// The function's name, if this line begins one.
fn name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    let end = rest.find(['(', '<'])?;
    Some(rest[..end].to_owned())
}

/// Lines from the `fn` line to its closing brace; `None` for a declaration without a body.
fn length(lines: &[&str]) -> Option<usize> {
    let indent = lines[0].len() - lines[0].trim_start().len();
    let first = lines[0].trim_end();
    if first.ends_with(';') {
        return None;
    }
    if first.ends_with('}') {
        return Some(1);
    }
    let close = format!("{}}}", " ".repeat(indent));
    let end = lines.iter().position(|line| line.trim_end() == close)?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn lengths_are_counted_when_functions_nest_in_impls() {
        let text = "impl A {\n    pub fn one(&self) -> u8 {\n        1\n    }\n\n    fn two() {}\n}\nfn three(\n    a: u8,\n) {\n    f(a);\n}\n";
        let expected = [("one", 3), ("two", 1), ("three", 5)].map(|(n, l)| (n.to_owned(), l));
        assert_eq!(lengths(text), expected);
    }
}
