//! A statement that is put together from parts, with its values bound, never written into it.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use super::RecordError;
use super::dialect::Dialect;

/// Text with placeholders, and what belongs in them.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// Known where streams are to be merged.
    dialect: Option<Dialect>,
    text: String,
    values: Vec<Value>,
    kept: bool,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Integer(i64),
}

impl Statement {
    /// An empty one, for this connection: one that may merge streams.
    pub(super) fn to(conn: &AnyConnection) -> Self {
        Self {
            dialect: Some(Dialect::of(conn)),
            ..Self::default()
        }
    }

    /// Appends the first so many rows of several streams, each of which has an index in this
    /// order. Both databases merge them and read no more than they give; PostgreSQL only if each
    /// has a limit of its own (else it reads and sorts them all), SQLite only if none has (else it
    /// reads each as far as that).
    pub(super) fn merge<S>(
        &mut self,
        streams: impl IntoIterator<Item = S>,
        order: &str,
        limit: i64,
        say: impl Fn(&mut Self, S),
    ) {
        let alone = self.dialect == Some(Dialect::Postgres);
        for (place, stream) in streams.into_iter().enumerate() {
            self.say(if place == 0 { "" } else { " UNION ALL " });
            self.say(if alone { "SELECT * FROM (" } else { "" });
            say(self, stream);
            if alone {
                self.say(order).say(" LIMIT ").integer(limit);
                self.say(&format!(") stream{place}"));
            }
        }
        self.say(order).say(" LIMIT ").integer(limit);
    }

    /// Appends text of the house.
    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends another statement to one that has no values yet.
    pub(super) fn append(&mut self, other: Self) -> &mut Self {
        debug_assert!(self.values.is_empty(), "its places would be taken twice");
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// Keeps it prepared: for a text that comes again as it is.
    pub(super) fn keep(&mut self) -> &mut Self {
        self.kept = true;
        self
    }

    pub(super) fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.value(Value::Text(value.into()))
    }

    pub(super) fn integer(&mut self, value: i64) -> &mut Self {
        self.value(Value::Integer(value))
    }

    /// Appends a list of texts, in brackets. Nothing is in an empty one.
    pub(super) fn texts<T: Into<String>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.say("(");
        let mut between = "";
        for value in values {
            self.say(between).text(value);
            between = ", ";
        }
        // SQLite knows the empty list, PostgreSQL does not.
        self.say(if between.is_empty() { "NULL)" } else { ")" })
    }

    fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        let place = self.values.len();
        self.say(&format!("${place}"))
    }

    pub(super) async fn fetch(self, conn: &mut AnyConnection) -> Result<Vec<AnyRow>, RecordError> {
        Ok(self.query().fetch_all(conn).await?)
    }

    pub(super) async fn fetch_one(self, conn: &mut AnyConnection) -> Result<AnyRow, RecordError> {
        Ok(self.query().fetch_one(conn).await?)
    }

    /// How many rows it wrote.
    pub(super) async fn execute(self, conn: &mut AnyConnection) -> Result<u64, RecordError> {
        Ok(self.query().execute(conn).await?.rows_affected())
    }

    /// As a rule not kept prepared: there are many such texts, and a plan should know the values.
    fn query(self) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(self.text)).persistent(self.kept);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Text(text) => query.bind(text),
                Value::Integer(number) => query.bind(number),
            })
    }
}
