//! The metrics as a scraper reads them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Page;

/// One answer: the value of each series, by its name and labels as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    pub(crate) async fn of(address: SocketAddr) -> Self {
        let page = get(address, "/metrics").await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(
            page.header("content-type"),
            Some("text/plain; version=0.0.4")
        );
        Self::read(&page.body)
    }

    /// By the text format: comments, and lines of a series and its value. No series comes twice,
    /// and each belongs to a family that was described.
    fn read(text: &str) -> Self {
        let mut described = Vec::new();
        let mut series = BTreeMap::new();
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                described.push(family.split(' ').next().unwrap().to_owned());
            }
            if line.starts_with('#') {
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            let known = described
                .last()
                .is_some_and(|family| name.starts_with(family));
            assert!(known, "{line}");
            let before = series.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(before, None, "{line}");
        }
        Self(series)
    }

    /// The value of one series.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// What a family has grown by since, without what has not: labels and by how much.
    pub(crate) fn grew(&self, earlier: &Self, family: &str) -> Vec<(String, f64)> {
        let labels = |name: &str| {
            let rest = name.strip_prefix(family)?;
            let labels = rest.strip_prefix('{')?.strip_suffix('}')?;
            Some(labels.replace('"', ""))
        };
        self.0
            .iter()
            .map(|(name, now)| (name, now - earlier.value(name).unwrap_or(0.0)))
            .filter(|(_, by)| *by != 0.0)
            .filter_map(|(name, by)| Some((labels(name)?, by)))
            .collect()
    }
}

/// Anything from the listener of the metrics.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Page {
    let url = format!("http://{address}{path}");
    let answer = super::http().build().unwrap().get(url).send().await;
    Page::read(answer.unwrap()).await
}
