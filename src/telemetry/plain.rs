//! Fields of a line for people, on one line whatever is in them: a name with a line break must not
//! be able to forge the next line, nor move the cursor of whoever reads it.

use std::fmt::{Debug, Result, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitOutput as _};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// `message name=value name="text"`.
pub(super) struct Plain;

impl<'w> FormatFields<'w> for Plain {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> Result {
        let mut line = Line {
            writer,
            begun: false,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.finish()
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    begun: bool,
    result: Result,
}

impl Line<'_> {
    fn write(&mut self, name: &str, value: &dyn Debug) -> Result {
        if self.begun {
            self.writer.write_char(' ')?;
        }
        self.begun = true;
        if name != "message" {
            write!(self.writer, "{}=", name.trim_start_matches("r#"))?;
        }
        write!(Escaped(&mut self.writer), "{value:?}")
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Where in the source another crate logged: it is in the target already.
        if self.result.is_ok() && !field.name().starts_with("log.") {
            self.result = self.write(field.name(), value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }
}

impl tracing_subscriber::field::VisitOutput<Result> for Line<'_> {
    fn finish(self) -> Result {
        self.result
    }
}

/// Writes on, with control characters spelt out.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl std::fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> Result {
        let mut rest = text;
        while let Some(at) = rest.find(breaks) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut chars = from.chars();
            for escaped in chars.next().into_iter().flat_map(char::escape_default) {
                self.0.write_char(escaped)?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// What ends a line, commands a terminal, or turns the direction of what follows.
fn breaks(char: char) -> bool {
    let turns = matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    char.is_control() || turns
}
