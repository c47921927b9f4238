//! A browser without a screen: cookies, redirects and forms, and nothing followed unasked.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method};
use url::Url;

use super::{Events, Page, Person};

/// A browser. A clone shares the cookies, as a second tab does.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    issuer: Url,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
    /// The port of one node, where not any will do.
    door: Option<u16>,
}

/// Where following redirects ended.
#[derive(Clone, Debug)]
pub(crate) enum Landing {
    /// A page of the provider.
    Page(Page),
    /// An address elsewhere: an app's.
    Away(Url),
}

impl Landing {
    /// The page; an address elsewhere is a failure.
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Away(url) => panic!("left for {url}"),
        }
    }

    /// The address elsewhere; a page is a failure.
    pub(crate) fn away(self) -> Url {
        match self {
            Self::Away(url) => url,
            Self::Page(page) => panic!("stayed at {} {} {}", page.status, page.url, page.body),
        }
    }
}

impl Browser {
    pub(crate) fn new(issuer: &str) -> Self {
        let http = super::http()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            issuer: Url::parse(issuer).unwrap(),
            jar: Arc::default(),
            door: None,
        }
    }

    /// The same browser, whose requests go to this port of the provider.
    pub(crate) fn through(&self, port: u16) -> Self {
        Self {
            door: Some(port),
            ..self.clone()
        }
    }

    /// Another browser with a copy of these cookies: what a thief has.
    pub(crate) fn stolen_copy(&self) -> Self {
        let jar = self.jar.lock().unwrap().clone();
        Self {
            jar: Arc::new(Mutex::new(jar)),
            ..self.clone()
        }
    }

    /// This one, holding what another holds from now on.
    pub(crate) fn with_cookies_of(self, other: &Self) -> Self {
        let jar = Arc::clone(&other.jar);
        Self { jar, ..self }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn plant_cookie(&self, name: &str, value: &str) {
        self.jar
            .lock()
            .unwrap()
            .insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn forget_cookies(&self) {
        self.jar.lock().unwrap().clear();
    }

    pub(crate) fn cookie_names(&self) -> Vec<String> {
        self.jar.lock().unwrap().keys().cloned().collect()
    }

    /// One request, nothing followed.
    pub(crate) async fn get(&self, url: &str) -> Page {
        self.send(Method::GET, url, None, &[]).await
    }

    /// The same with these header lines.
    pub(crate) async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Page {
        self.send(Method::GET, url, None, headers).await
    }

    /// One form, nothing followed.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Page {
        self.send(Method::POST, url, Some(form), &[]).await
    }

    /// One form with headers of one's own, nothing followed.
    pub(crate) async fn post_with(
        &self,
        url: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        self.send(Method::POST, url, Some(form), headers).await
    }

    /// An event stream, left open.
    pub(crate) async fn listen(&self, url: &str, headers: &[(&str, &str)]) -> Events {
        Events::new(self.ask(Method::GET, url, None, headers).await)
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Page {
        Page::read(self.ask(method, url, form, headers).await).await
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> reqwest::Response {
        let mut url = self.issuer.join(url).unwrap();
        if let Some(port) = self.door {
            url.set_port(Some(port)).unwrap();
        }
        let mut request = self.http.request(method, url).header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        );
        let cookies: Vec<_> = self
            .jar
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            request = request.form(form);
        }
        let response = request.send().await.unwrap();
        self.keep(&response);
        response
    }

    fn keep(&self, response: &reqwest::Response) {
        let mut jar = self.jar.lock().unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Follows redirects by GET within the provider; stops at a page or at an app's address.
    pub(crate) async fn follow(&self, mut page: Page) -> Landing {
        for _ in 0..10 {
            let Some(location) = page.location() else {
                return Landing::Page(page);
            };
            if !self.is_within(&location) {
                return Landing::Away(location);
            }
            page = self.get(location.as_str()).await;
        }
        panic!("redirected in a circle at {}", page.url)
    }

    fn is_within(&self, location: &Url) -> bool {
        let mut home = self.issuer.clone();
        if location.port() == self.door {
            home.set_port(self.door).unwrap();
        }
        location.origin() == home.origin()
    }

    pub(crate) async fn go(&self, url: &str) -> Landing {
        let page = self.get(url).await;
        self.follow(page).await
    }

    /// Fills in and sends the form of a page.
    pub(crate) async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Landing {
        let csrf = page.csrf();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend_from_slice(fields);
        let answer = self.post(page.form_action().as_str(), &form).await;
        self.follow(answer).await
    }

    /// Types name and password on a sign-in page.
    pub(crate) async fn sign_in_at(&self, page: &Page, person: &Person) -> Landing {
        assert!(
            page.heading().starts_with("Sign in to"),
            "{}",
            page.heading()
        );
        self.submit(
            page,
            &[
                ("username", &person.username),
                ("password", &person.password),
                ("action", "sign_in"),
            ],
        )
        .await
    }

    /// Signs in at the provider itself, without an app.
    pub(crate) async fn sign_in(&self, person: &Person) {
        let page = self.go("/account").await.page();
        let page = self.sign_in_at(&page, person).await.page();
        assert_eq!(page.heading(), "Your account");
    }

    /// Whether the provider knows this browser.
    pub(crate) async fn is_signed_in(&self) -> bool {
        self.get("/account").await.status == 200
    }

    /// A browser that connects from this address.
    pub(crate) fn at_address(issuer: &str, address: IpAddr) -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .local_address(address)
            .build()
            .unwrap();
        Self {
            http,
            ..Self::new(issuer)
        }
    }

    /// A browser whose requests come with this `X-Forwarded-For`, as those do that pass a proxy.
    pub(crate) fn forwarded(issuer: &str, peer: &str, forwarded: &str) -> Self {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        let http = super::http()
            .redirect(reqwest::redirect::Policy::none())
            .local_address(peer.parse::<IpAddr>().unwrap())
            .default_headers(headers)
            .build()
            .unwrap();
        Self {
            http,
            ..Self::new(issuer)
        }
    }

    /// A browser that believes one certificate authority, in PEM.
    pub(crate) fn trusting(issuer: &str, authority: &[u8]) -> Self {
        let authority = reqwest::Certificate::from_pem(authority).unwrap();
        let http = super::http()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([authority])
            .build()
            .unwrap();
        Self {
            http,
            ..Self::new(issuer)
        }
    }

    /// Sends name and password from a sign-in page, nothing followed.
    pub(crate) async fn try_password(&self, page: &Page, username: &str, password: &str) -> Page {
        let csrf = page.csrf();
        let form = [
            ("csrf", csrf.as_str()),
            ("username", username),
            ("password", password),
            ("action", "sign_in"),
        ];
        self.post(page.form_action().as_str(), &form).await
    }

    /// Presses a button of the question "Sign out?", with the fields that the page carries.
    pub(crate) async fn answer_logout(&self, page: &Page, action: &str) -> Landing {
        assert_eq!(page.heading(), "Sign out?");
        let return_to = page.hidden("return_to");
        let mut fields = vec![("action", action)];
        fields.extend(return_to.as_deref().map(|sealed| ("return_to", sealed)));
        self.submit(page, &fields).await
    }
}

impl Browser {
    /// One request that may find nobody to answer it, or die with the server.
    pub(crate) async fn try_get(&self, url: &str) -> Option<Page> {
        let url = self.issuer.join(url).unwrap();
        let cookies = self.jar.lock().unwrap().clone();
        let cookies: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.get(url).header(COOKIE, cookies.join("; "));
        let response = request.send().await.ok()?;
        self.keep(&response);
        Some(Page::read(response).await)
    }

    /// One form that may find nobody to answer it, or die with the server.
    pub(crate) async fn try_post(&self, url: &str, form: &[(&str, &str)]) -> Option<Page> {
        let url = self.issuer.join(url).unwrap();
        let cookies = self.jar.lock().unwrap().clone();
        let cookies: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.post(url).header(COOKIE, cookies.join("; "));
        let response = request.form(form).send().await.ok()?;
        self.keep(&response);
        Some(Page::read(response).await)
    }

    /// One request of any method with headers of one's own, nothing followed.
    pub(crate) async fn request(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Page {
        self.send(method, url, None, headers).await
    }
}
