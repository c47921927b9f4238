//! Bars of a chart, as the server draws them: numbers in the attributes of SVG, no style.

/// One bar. Lengths are in the units of the drawing, with one digit after the point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// Its left edge.
    pub(super) x: String,
    /// Its upper edge.
    pub(super) y: String,
    /// Its height.
    pub(super) height: String,
}

/// From one bar to the next: 1.5 of air, 7 of bar, 1.5 of air.
pub(super) const STEP: usize = 10;

/// Bars from left to right, the highest as high as the drawing. What is there at all is seen:
/// the lowest bar is one unit high. What is not there has no bar.
pub(super) fn bars(counts: &[i64], height: i64) -> Vec<Bar> {
    let most = counts.iter().copied().max().unwrap_or(0);
    let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    bars.map(|(place, count)| {
        let tall = share(*count, most, height);
        Bar {
            x: format!("{}.5", place * STEP + 1),
            y: tenths(height * 10 - tall),
            height: tenths(tall),
        }
    })
    .collect()
}

/// How long a bar of `length` is for a part of the most, in units: "61.0".
pub(super) fn length(count: i64, most: i64, length: i64) -> String {
    tenths(share(count, most, length))
}

/// In tenths of a unit; at least one unit for what is there.
fn share(count: i64, most: i64, whole: i64) -> i64 {
    if count <= 0 || most <= 0 {
        return 0;
    }
    let tenths = i128::from(count) * i128::from(whole) * 10 / i128::from(most);
    i64::try_from(tenths)
        .unwrap_or(i64::MAX)
        .clamp(10, whole * 10)
}

fn tenths(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(counts: &[i64]) -> Vec<String> {
        let bars = bars(counts, 100);
        bars.into_iter().map(|bar| bar.height).collect()
    }

    #[test]
    fn the_highest_fills_the_drawing_and_the_lowest_is_seen() {
        assert_eq!(heights(&[1_000, 500, 1]), ["100.0", "50.0", "1.0"]);
        assert_eq!(heights(&[i64::MAX, i64::MAX / 3]), ["100.0", "33.3"]);
        let bars = bars(&[0, 3], 40);
        assert_eq!(bars.len(), 1);
        assert_eq!((bars[0].x.as_str(), bars[0].y.as_str()), ("11.5", "0.0"));
    }

    #[test]
    fn an_empty_house_has_no_bars() {
        assert!(bars(&[0; 24], 100).is_empty());
        assert!(bars(&[], 100).is_empty());
        assert_eq!(length(0, 0, 100), "0.0");
        assert_eq!(length(5, 0, 100), "0.0");
    }
}
