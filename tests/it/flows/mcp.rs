//! What the authorization chapter of the Model Context Protocol demands of an authorization server,
//! told by a client that knows nothing but the address of an MCP server.

use std::net::TcpListener;

use actix_web::{App as Server, HttpRequest, HttpResponse, HttpServer, web};
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use crate::support::app::{Ask, Tokens, value};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, House, Page, Publisher};

/// An MCP server: a resource that trusts one authorization server, and takes what that signed for
/// it alone.
struct McpServer {
    /// Its address, which is also the name of the resource (RFC 8707).
    resource: String,
    http: reqwest::Client,
}

/// What it answered.
struct Answer {
    status: u16,
    challenge: Option<String>,
    body: Value,
}

#[derive(Clone)]
struct Trusted {
    issuer: String,
    origin: String,
    http: reqwest::Client,
}

impl McpServer {
    fn open(issuer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let http = crate::support::http().build().unwrap();
        let trusted = Trusted {
            issuer: issuer.to_owned(),
            origin: origin.clone(),
            http: http.clone(),
        };
        let server = HttpServer::new(move || {
            Server::new()
                .app_data(web::Data::new(trusted.clone()))
                .route(
                    "/.well-known/oauth-protected-resource/mcp",
                    web::get().to(says_whom),
                )
                .route("/mcp", web::get().to(serves))
        });
        let server = server.workers(1).disable_signals().listen(listener);
        tokio::spawn(server.unwrap().run());
        Self {
            resource: format!("{origin}/mcp"),
            http,
        }
    }

    async fn call(&self, token: Option<&str>) -> Answer {
        let mut request = self.http.get(&self.resource);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate");
        Answer {
            status: answer.status().as_u16(),
            challenge: challenge.map(|value| value.to_str().unwrap().to_owned()),
            body: answer.json().await.unwrap_or_default(),
        }
    }
}

/// RFC 9728, 3.
async fn says_whom(trusted: web::Data<Trusted>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "resource": format!("{}/mcp", trusted.origin),
        "authorization_servers": [trusted.issuer],
        "scopes_supported": ["tools.read", "tools.write"],
        "bearer_methods_supported": ["header"],
    }))
}

async fn serves(request: HttpRequest, trusted: web::Data<Trusted>) -> HttpResponse {
    let header = request.headers().get("authorization");
    let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let claims = match token {
        Some(token) => trusted.claims(token).await,
        None => None,
    };
    match claims {
        Some(claims) => HttpResponse::Ok().json(claims),
        None => HttpResponse::Unauthorized()
            .insert_header((
                "www-authenticate",
                format!(
                    "Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\", \
                     scope=\"tools.read\"",
                    trusted.origin
                ),
            ))
            .finish(),
    }
}

impl Trusted {
    /// What a token says that was signed for this server (RFC 9068, 4).
    async fn claims(&self, token: &str) -> Option<Value> {
        let keys = self.http.get(format!("{}/oauth2/jwks", self.issuer));
        let keys: JwkSet = keys.send().await.ok()?.json().await.ok()?;
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid?)?).ok()?;
        let mut rules = jsonwebtoken::Validation::new(header.alg);
        // The house goes by a clock of its own.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        rules.set_audience(&[format!("{}/mcp", self.origin)]);
        rules.set_issuer(&[&self.issuer]);
        let read = jsonwebtoken::decode::<Value>(token, &key, &rules);
        Some(read.ok()?.claims)
    }
}

/// A parameter of a challenge.
fn parameter(challenge: &str, name: &str) -> String {
    let (_, rest) = challenge.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn get(url: &str) -> Value {
    let http = crate::support::http().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.json().await.unwrap()
}

/// The client sends its person to say yes, and redeems the code for the resource.
async fn allowed(client: &App, browser: &Browser, ask: &Ask, resource: &str) -> Tokens {
    let page = client.send(browser, ask).await.page();
    assert_eq!(page.heading(), "Assistant asks for your permission");
    let answer = browser.submit(&page, &[("action", "allow")]).await.away();
    let code = client.code(&answer, ask);
    let page = redeem(client, &code, ask, resource).await;
    assert_eq!(page.status, 200, "{}", page.body);
    Tokens {
        answer: page.json(),
        claims: Value::Null,
    }
}

async fn redeem(client: &App, code: &str, ask: &Ask, resource: &str) -> Page {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", ask.verifier.as_str()),
        ("resource", resource),
    ];
    client.token(&form).await
}

/// RFC 9728, 5: from the refusal to the metadata of the resource, to who may let in; and the scope
/// that is needed.
async fn finds_the_authorization_server(mcp: &McpServer) -> (String, String) {
    let refused = mcp.call(None).await;
    assert_eq!(refused.status, 401);
    let challenge = refused.challenge.unwrap();
    let described = get(&parameter(&challenge, "resource_metadata")).await;
    assert_eq!(described["resource"], mcp.resource);
    let issuer = described["authorization_servers"][0].as_str().unwrap();
    (issuer.to_owned(), parameter(&challenge, "scope"))
}

fn says_what_the_chapter_demands(metadata: &Value) {
    for (member, expected) in [
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
        ("client_id_metadata_document_supported", json!(true)),
    ] {
        assert_eq!(metadata[member], expected, "{member}");
    }
    for (member, word) in [
        ("response_types_supported", "code"),
        ("grant_types_supported", "authorization_code"),
        ("grant_types_supported", "refresh_token"),
        ("token_endpoint_auth_methods_supported", "none"),
    ] {
        let list = metadata[member].as_array().unwrap();
        assert!(list.contains(&json!(word)), "{member}: {metadata}");
    }
    let issuer = metadata["issuer"].as_str().unwrap();
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let address = metadata[endpoint].as_str().unwrap();
        assert!(address.starts_with(issuer), "{endpoint}: {address}");
    }
}

async fn gets_nothing_without_pkce(client: &App, browser: &Browser, ask: &Ask) {
    let plain = "plain-text-that-is-long-enough-to-be-a-challenge";
    for (challenge, method) in [("", ""), (plain, "plain")] {
        let weak = ask.clone().with("code_challenge", challenge);
        let weak = weak.with("code_challenge_method", method);
        let answer = client.send(browser, &weak).await.away();
        assert_eq!(client.error(&answer, &weak), "invalid_request");
    }
}

/// The client asks for more than it has.
async fn comes_to_more(client: &App, browser: &Browser, mcp: &McpServer) -> Tokens {
    let wider = client.ask().with("scope", "tools.read tools.write");
    let wider = wider.with("resource", &mcp.resource);
    let tokens = allowed(client, browser, &wider, &mcp.resource).await;
    let served = mcp.call(Some(tokens.access())).await;
    assert_eq!(served.body["scope"], "tools.read tools.write");
    // As any program on her device could say that it is this one, alice is always asked.
    let silent = wider.with("prompt", "none");
    let answer = client.send(browser, &silent).await.away();
    assert_eq!(client.error(&answer, &silent), "consent_required");
    tokens
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one story, from its beginning to its end"
)]
async fn a_client_that_knows_only_an_address_comes_to_use_an_mcp_server() {
    // The client runs on alice's machine. What it is stands in a document at its maker's host.
    let publisher = Publisher::open();
    publisher.describe(json!({
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }));
    let scopes = (
        "METADATA_DOCUMENTS__SCOPES",
        "openid, offline_access, tools.read, tools.write",
    );
    let house = House::open_with(&[publisher.settings().as_slice(), &[scopes]].concat()).await;
    let alice = house.person("alice").await;
    let (mcp, other) = (
        McpServer::open(&house.issuer),
        McpServer::open(&house.issuer),
    );

    // Without a token the MCP server says where it is described, and that names this house.
    let (issuer, scope) = finds_the_authorization_server(&mcp).await;
    assert_eq!(issuer, house.issuer);
    // Both kinds of metadata say what the chapter asks for (RFC 8414, OpenID Connect Discovery).
    for kind in ["oauth-authorization-server", "openid-configuration"] {
        let metadata = get(&format!("{issuer}/.well-known/{kind}")).await;
        assert_eq!(metadata["issuer"], issuer);
        says_what_the_chapter_demands(&metadata);
    }

    // Its id is the address of its document, and it listens at a port of this moment.
    let client = publisher
        .app(&house, "/client.json")
        .at("http://127.0.0.1:49152/callback");
    let ask = client
        .ask()
        .with("scope", &scope)
        .with("resource", &mcp.resource);
    let browser = house.browser();

    // Without PKCE it gets nothing, nor with the method that proves nothing.
    gets_nothing_without_pkce(&client, &browser, &ask).await;

    // Alice signs in, sees by whose word the client is what it is, and says yes.
    let page = client.send(&browser, &ask).await.page();
    let page = browser.sign_in_at(&page, &alice).await.page();
    assert!(page.shows("It comes from localhost"), "{}", page.body);
    assert!(page.shows("a program on this device"), "{}", page.body);
    let answer = browser.submit(&page, &[("action", "allow")]).await.away();
    // The answer says who gave it (RFC 9207), so that no other server's can be slipped in.
    assert_eq!(value(&answer, "iss"), Some(issuer));
    let code = client.code(&answer, &ask);
    let elsewhere = redeem(&client, &code, &ask, &other.resource).await;
    assert_eq!(refusal(&elsewhere), "invalid_target");
    let tokens = redeem(&client, &code, &ask, &mcp.resource).await.json();

    // The token is for this MCP server (RFC 8707) and opens no other, nor this house.
    let access = tokens["access_token"].as_str().unwrap();
    let served = mcp.call(Some(access)).await;
    assert_eq!(served.status, 200);
    assert_eq!(served.body["aud"], mcp.resource);
    assert_eq!(served.body["client_id"], client.client_id);
    assert_eq!(served.body["scope"], "tools.read");
    assert_eq!(other.call(Some(access)).await.status, 401);
    assert_eq!(client.userinfo(access).await.status, 401);

    // It goes on by refreshing; a token that was refreshed once is good no more.
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let next = client.refresh(&first).await;
    assert_ne!(next.refresh(), first);
    assert_eq!(
        mcp.call(Some(next.access())).await.body["aud"],
        mcp.resource
    );

    // A tool needs more: alice is asked about that, and the token says so.
    let tokens = comes_to_more(&client, &browser, &mcp).await;

    // Alice signs out: the client's part ends with her session.
    house.end(house.session_of(&alice).await).await;
    for token in [next.refresh(), tokens.refresh()] {
        assert_eq!(refusal(&client.try_refresh(token).await), "invalid_grant");
    }
    House::until("the client hears of it", || async {
        client.logout_tokens().len() == 1
    })
    .await;
    let told = client
        .verify(&client.logout_tokens()[0], "logout+jwt")
        .await;
    assert_eq!(told["aud"], client.client_id);
}
