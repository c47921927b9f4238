//! Many who name the addresses of documents, and some who hang up: what that costs the servers of
//! others, and those whom the house knows. With one node, as each has its own memory of reads.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::metadata_documents::{PATH, UNREAD, story_alone};
use crate::support::{Browser, House, Published, Raw};

/// A published document that takes a while.
fn slow(millis: u64) -> Published {
    Published {
        cache_control: Some("no-store"),
        waits: Duration::from_millis(millis),
        ..Published::default()
    }
}

/// Otherwise each who hangs up could have somebody's server asked again at once: of an app that the
/// house knows nobody counts it.
#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_has_nobody_asked_again() {
    let story = story_alone(&[]).await;
    story.publisher.publish(slow(0));
    story.joins().await;
    story.house.advance(Duration::from_secs(61));
    story.publisher.publish(slow(1_500));
    let asked = story.publisher.asked();
    let url = url::Url::parse(&story.house.issuer).unwrap();
    let path = story.app.ask().url();

    let mut raw = Raw::connect(url.port().unwrap());
    raw.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    House::until("its server is asked", || async {
        story.publisher.asked() == asked + 1
    })
    .await;
    drop(raw);
    story.publisher.publish(slow(0));
    story.app.join(&story.browser).await;
    story.app.join(&story.browser).await;
    assert_eq!(story.publisher.asked(), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_have_few_places_and_not_those_of_whom_the_house_knows() {
    let story = story_alone(&[]).await;
    story.publisher.publish(slow(0));
    story.joins().await;
    let crowd: Vec<_> = (0..12)
        .map(|number| {
            let path = format!("/{number}.json");
            story.publisher.app(&story.house, &path)
        })
        .collect();
    // Some were read before, and are strangers still, as nobody allowed them anything.
    for app in &crowd[..6] {
        assert!(!story.asks(app).await.shows(UNREAD));
    }
    story.house.advance(Duration::from_secs(61));
    story.publisher.publish(Published {
        holds_all_but: Some(PATH),
        ..slow(0)
    });
    let asked = story.publisher.asked();
    let answered = AtomicUsize::new(0);
    let crowd = join_all(crowd.iter().enumerate().map(async |(number, app)| {
        // Those that were read before come first: of them there are copies to go by.
        if number >= 6 {
            House::until("the first have places", || async {
                story.publisher.asked() >= asked + 6
            })
            .await;
        }
        let page = story.asks(app).await;
        answered.fetch_add(1, Ordering::SeqCst);
        page
    }));
    let known = async {
        House::until("the places are taken", || async {
            story.publisher.asked() == asked + 8 && answered.load(Ordering::SeqCst) == 4
        })
        .await;
        story.app.join(&story.browser).await;
        story.publisher.publish(slow(0));
    };
    let (pages, ()) = tokio::join!(crowd, known);
    let unread = pages.iter().filter(|page| page.shows(UNREAD)).count();
    assert_eq!(unread, 4);
    assert_eq!(story.publisher.asked(), asked + 9);
    // That there was no place is not held against a document.
    for number in 0..12 {
        let path = format!("/{number}.json");
        let app = story.publisher.app(&story.house, &path);
        assert!(!story.asks(&app).await.shows(UNREAD), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_only_so_many_read() {
    let hosts = "localhost,a.localhost,b.localhost";
    let story = story_alone(&[("METADATA_DOCUMENTS__HOSTS", hosts)]).await;
    // Nothing is there under these names: each costs alice one of what her address may ask for.
    for number in 0..50 {
        let host = if number % 2 == 0 { "a" } else { "b" };
        let mut app = story.app.clone();
        let elsewhere = format!("{host}.localhost");
        app.client_id = app.client_id.replace("localhost", &elsewhere);
        app.client_id = app.client_id.replace(".json", &format!("-{number}.json"));
        assert!(story.asks(&app).await.shows(UNREAD));
    }
    assert!(story.asks(&story.app).await.shows(UNREAD));
    assert_eq!(story.publisher.asked(), 0);

    let neighbour = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let neighbour = Browser::at_address(&story.house.issuer, neighbour);
    let landing = story.app.send(&neighbour, &story.app.ask()).await;
    assert!(!landing.page().shows(UNREAD));
    assert_eq!(story.publisher.asked(), 1);
    // What is read by now costs alice nothing.
    assert!(!story.asks(&story.app).await.shows(UNREAD));
}
