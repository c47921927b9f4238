//! HTML by hand: what is not ours is escaped, always.

use std::fmt;

/// Shows text inside HTML, in an element or a quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => fmt::Write::write_char(f, letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_opens_an_element_or_closes_an_attribute() {
        let text = Escaped(r#"<a href="x" id='y'>&amp; ü"#).to_string();
        assert_eq!(
            text,
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp; ü"
        );
    }
}
