//! An answer as a person or a client sees it.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self {
            url: response.url().clone(),
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> Option<Url> {
        self.header("location")
            .map(|location| self.url.join(location).unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.body))
    }

    /// The text of the first heading.
    pub(crate) fn heading(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("<h1")
            .unwrap_or_else(|| panic!("no h1: {self:?}"));
        let (_, rest) = rest.split_once('>').unwrap();
        unescape(rest.split('<').next().unwrap())
    }

    /// Where the form that has this button (or the only form) posts to.
    pub(crate) fn form_action(&self) -> Url {
        let (_, rest) = self
            .body
            .split_once("<form")
            .unwrap_or_else(|| panic!("no form: {self:?}"));
        self.url.join(&attribute(rest, "action")).unwrap()
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        let needle = format!("name=\"{name}\"");
        let (_, rest) = self.body.split_once(&needle)?;
        Some(attribute(rest, "value"))
    }

    pub(crate) fn csrf(&self) -> String {
        self.hidden("csrf")
            .unwrap_or_else(|| panic!("no csrf: {self:?}"))
    }

    /// The address of the link that has this id.
    pub(crate) fn link(&self, id: &str) -> Option<Url> {
        let (_, rest) = self.body.split_once(&format!("id=\"{id}\""))?;
        Some(self.url.join(&attribute(rest, "href")).unwrap())
    }

    /// Whether it sets or takes away the cookie of this name.
    pub(crate) fn sets_cookie(&self, name: &str) -> bool {
        self.headers.get_all("set-cookie").iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.split('=').next() == Some(name)
        })
    }

    /// All hidden fields, in order.
    pub(crate) fn hidden_fields(&self) -> Vec<(String, String)> {
        self.body
            .split("<input type=\"hidden\"")
            .skip(1)
            .map(|rest| (attribute(rest, "name"), attribute(rest, "value")))
            .collect()
    }

    /// Every value of a header that may come more than once.
    pub(crate) fn header_all(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        unescape(&self.body).contains(text)
    }
}

fn attribute(rest: &str, name: &str) -> String {
    let needle = format!("{name}=\"");
    let (_, value) = rest.split_once(&needle).unwrap();
    unescape(value.split('"').next().unwrap())
}

fn unescape(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        // Last, and in one go: an escaped "&lt;" must not become "<".
        .replace("&amp;", "&#38;")
        .replace("&#38;", "&")
}
