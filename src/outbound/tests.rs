//! Against listeners of the machine itself.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use super::address::AddressKind;
use super::*;

const FORM: &[(&str, &str)] = &[("logout_token", "a.b+c=")];

fn outbound() -> Outbound {
    Outbound::new(Settings {
        total_timeout: Duration::from_millis(300),
        ..Settings::default()
    })
    .unwrap()
}

/// Takes one request, answers with `response`, holds the connection until the other side closes
/// it, and returns what was read.
fn listen(response: impl Into<Vec<u8>>) -> (u16, JoinHandle<String>) {
    let response = response.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = spawn(move || {
        let mut stream = accept(&listener);
        let request = read_request(&mut stream);
        stream.write_all(&response).unwrap();
        let _ = stream.read(&mut [0; 1]);
        request
    });
    (port, served)
}

/// A connection that fails a test rather than hang it.
fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        if read == 0 || text.ends_with("logout_token=a.b%2Bc%3D") {
            return text.into_owned();
        }
    }
}

/// Waits for a listener while the connections' own tasks go on.
async fn joined<T: Send + 'static>(served: JoinHandle<T>) -> T {
    tokio::task::spawn_blocking(|| served.join().unwrap())
        .await
        .unwrap()
}

async fn post(outbound: &Outbound, url: &str) -> Result<u16, OutboundError> {
    let reply = outbound.post_form(Trust::Administered, url, FORM).await;
    reply.map(|reply| reply.status)
}

#[tokio::test]
async fn a_form_reaches_a_name_under_localhost() {
    let (port, served) = listen(b"HTTP/1.1 204 No Content\r\n\r\n");
    let outbound = outbound();
    let url = format!("http://something.localhost:{port}/logout?x=1");
    assert_eq!(post(&outbound, &url).await, Ok(204));
    drop(outbound);
    let request = joined(served).await.to_ascii_lowercase();
    assert!(
        request.starts_with("post /logout?x=1 http/1.1\r\n"),
        "{request}"
    );
    for header in [
        format!("host: something.localhost:{port}\r\n"),
        format!("user-agent: lanyard/{}\r\n", env!("CARGO_PKG_VERSION")),
        "content-type: application/x-www-form-urlencoded\r\n".to_owned(),
    ] {
        assert!(request.contains(&header), "{request}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = elsewhere.local_addr().unwrap();
    let (port, served) = listen(format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n"
    ));
    let outbound = outbound();
    assert_eq!(
        post(&outbound, &format!("http://localhost:{port}/")).await,
        Ok(307)
    );
    drop(outbound);
    joined(served).await;
    elsewhere.set_nonblocking(true).unwrap();
    assert_eq!(
        elsewhere.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (port, served) = listen(b"");
    let outbound = outbound();
    let answer = post(&outbound, &format!("http://localhost:{port}/")).await;
    assert_eq!(answer, Err(OutboundError::Timeout));
    joined(served).await;
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_change_the_status() {
    let bodies: [&[u8]; 2] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nand then nothing",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ];
    for body in bodies {
        let (port, served) = listen(body);
        let answer = post(&outbound(), &format!("http://localhost:{port}/")).await;
        assert_eq!(answer, Ok(200));
        joined(served).await;
    }
}

#[tokio::test]
async fn a_long_body_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = spawn(move || {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        let mut written = 0_u64;
        // Ends when the reader has had enough and hangs up.
        while stream.write_all(&[b'x'; 4096]).is_ok() {
            written += 4096;
        }
        written
    });
    let patience = Duration::from_secs(30);
    let settings = Settings {
        total_timeout: patience,
        ..Settings::default()
    };
    let outbound = Outbound::new(settings).unwrap();
    let began = Instant::now();
    assert_eq!(
        post(&outbound, &format!("http://localhost:{port}/")).await,
        Ok(400)
    );
    assert!(began.elapsed() < patience);
    assert!(joined(served).await > 0);
}

#[tokio::test]
async fn no_listener_and_no_tls_are_told_without_the_url() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (plain, served) = listen_to_anything();
    let outbound = outbound();
    for url in [
        format!("http://wiki.localhost:{closed}/logout?key=hunter2"),
        format!("https://wiki.localhost:{plain}/logout?key=hunter2"),
    ] {
        let error = post(&outbound, &url).await.unwrap_err();
        assert!(matches!(error, OutboundError::Connect(_)), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("hunter2") && !text.contains("/logout"),
            "{text}"
        );
    }
    joined(served).await;
}

/// Answers a TLS greeting in plain text.
fn listen_to_anything() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = spawn(move || {
        let mut stream = accept(&listener);
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    (port, served)
}

#[tokio::test]
async fn the_guard_refuses() {
    use AddressKind::{LinkLocal, Loopback, Metadata, Private};
    use Trust::{Administered, SelfRegistered};
    let table = [
        (SelfRegistered, "https://something.localhost:1/", Loopback),
        (SelfRegistered, "https://localhost./", Loopback),
        (SelfRegistered, "https://127.0.0.1/", Loopback),
        (SelfRegistered, "https://127.0.0.1./", Loopback),
        (SelfRegistered, "https://0x7f.1/", Loopback),
        (SelfRegistered, "https://2130706433/", Loopback),
        (SelfRegistered, "https://0177.0.0.1/", Loopback),
        (SelfRegistered, "https://[::1]/", Loopback),
        (SelfRegistered, "https://[::ffff:10.0.0.1]/", Private),
        (SelfRegistered, "https://192.168.0.1/", Private),
        (Administered, "http://169.254.169.254/latest/", LinkLocal),
        (Administered, "http://[::ffff:a9fe:a9fe]/", LinkLocal),
        (Administered, "http://[fe80::1]/", LinkLocal),
        (Administered, "https://[fd00:ec2::254]/", Metadata),
        (Administered, "http://１００.100.100.200/", Metadata),
    ];
    let outbound = outbound();
    for (trust, url, kind) in table {
        let refused = Err(OutboundError::Refused(Refusal::Address(kind)));
        assert_eq!(outbound.post_form(trust, url, FORM).await, refused, "{url}");
    }
    let plain = outbound
        .post_form(SelfRegistered, "http://8.8.8.8/", FORM)
        .await;
    assert_eq!(plain, Err(OutboundError::Refused(Refusal::PlainHttp)));
}

#[tokio::test]
async fn what_an_operator_did_not_list_is_refused_by_name_and_by_address() {
    let allowed = AllowList {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        hosts: vec!["wiki.localhost".to_owned()],
    };
    let outbound = Outbound::new(Settings {
        total_timeout: Duration::from_millis(300),
        allowed: Arc::new(allowed),
        ..Settings::default()
    })
    .unwrap();
    let refused = Err(OutboundError::Refused(Refusal::NotListed(
        AddressKind::Loopback,
    )));
    for url in ["http://127.0.0.1:1/", "http://shop.localhost:1/"] {
        assert_eq!(post(&outbound, url).await, refused, "{url}");
    }
    let (port, served) = listen("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let url = format!("http://wiki.localhost:{port}/");
    assert_eq!(post(&outbound, &url).await, Ok(200));
    drop(outbound);
    joined(served).await;
}

#[tokio::test]
async fn what_is_no_url_to_post_to_is_refused() {
    let outbound = outbound();
    for url in [
        "",
        "/logout",
        "https://",
        "ftp://example.com/",
        "file:///etc/passwd",
        "com.example.app:/logout",
        "https://user@example.com/",
        "https://:secret@example.com/",
        "http://[::1/",
    ] {
        for trust in [Trust::Administered, Trust::SelfRegistered] {
            let answer = outbound.post_form(trust, url, FORM).await;
            assert!(
                matches!(answer, Err(OutboundError::Url(_))),
                "{url}: {answer:?}"
            );
        }
    }
}

#[test]
fn a_machine_without_authorities_still_has_a_client() {
    assert!(
        builder(Trust::Administered, &Settings::default())
            .tls_certs_only([])
            .build()
            .is_ok()
    );
}

#[test]
fn who_asks_for_time_is_heard_in_seconds_and_by_date() {
    let wait = |text: &'static str, date: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers)
    };
    let now = Some("Thu, 26 Nov 2026 12:00:00 GMT");
    assert_eq!(wait("100", None), Some(Duration::from_secs(100)));
    let later = "Thu, 26 Nov 2026 12:01:30 GMT";
    assert_eq!(wait(later, now), Some(Duration::from_secs(90)));
    assert_eq!(wait(later, None), None);
    for nothing in ["Thu, 26 Nov 2026 11:59:59 GMT", "soon", "-5", "1.5", ""] {
        assert_eq!(wait(nothing, now), None, "{nothing}");
    }
}

#[tokio::test]
async fn somebody_waits_for_all_of_it_together() {
    let settings = Settings {
        total_timeout: Duration::from_secs(20),
        ..Settings::default()
    };
    let outbound = Outbound::new(settings).unwrap();
    let began = Instant::now();
    patiently(Duration::from_millis(300), async {
        for _ in 0..3 {
            let (port, _served) = listen(b"");
            let url = format!("http://localhost:{port}/");
            let answer = outbound.get(Trust::Administered, &url).await;
            assert_eq!(answer, Err(OutboundError::Timeout));
        }
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(15));
}
