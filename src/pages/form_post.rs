//! "Going back to …": an authorization response as a form (Form Post Response Mode 1.0).

use askama::Template;

use super::parts::Link;
use super::samples;
use super::{Page, Sample};

/// The page that posts a response to an app. It carries a code: never cached, `script-src
/// 'self'`, no `form-action`. The form has no anti-forgery token, which is nobody's but ours.
#[derive(Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// The name of the app.
    pub app: String,
    /// The redirect URI.
    pub action: Link,
    /// The parameters of the response, in order.
    pub fields: Vec<(String, String)>,
}

impl Page for FormPost {
    const KIND: &'static str = "form-post";
    const MARKER: &'static str = "Going back to ";

    fn samples() -> Vec<Sample<Self>> {
        // The sample posts to a path of ours, so that nothing leaves when it is looked at.
        let Some(action) = Link::new("/callback?a=1&b=2") else {
            return Vec::new();
        };
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let code = Self {
            app: "Wiki".to_owned(),
            action,
            fields: vec![
                field("code", "sample-code"),
                field("state", "sample-state"),
                field("iss", "https://login.example.com"),
            ],
        };
        let hostile = Self {
            app: samples::HOSTILE.to_owned(),
            fields: vec![
                field(samples::HOSTILE, samples::HOSTILE),
                field("submit", "x"),
            ],
            ..code.clone()
        };
        vec![("code", code), ("hostile", hostile)]
    }
}
