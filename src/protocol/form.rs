//! Reads one parameter of a form body (RFC 6749, 3.2).

/// A parameter has more than one value: two readers of the request might each pick another.
pub(super) struct Repeated(pub(super) &'static str);

/// The only value of `name`. One without a value counts as left out.
pub(super) fn single<'a>(
    form: &[(&str, &'a str)],
    name: &'static str,
) -> Result<Option<&'a str>, Repeated> {
    let mut values = form
        .iter()
        .filter(|(given, value)| *given == name && !value.is_empty())
        .map(|(_, value)| *value);
    let first = values.next();
    if values.next().is_some() {
        return Err(Repeated(name));
    }
    Ok(first)
}
