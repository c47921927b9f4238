//! What must hold for every page, however it is looked at.

use std::path::PathBuf;

use serde_json::json;

use crate::support::chromium::{Browser, Options};

/// Light and wide. With [`NARROW`], it shows all colours and all widths.
pub(super) const WIDE: Options = look(false, 1_280);
/// Dark and narrow.
pub(super) const NARROW: Options = look(true, 320);

const fn look(dark: bool, width: u32) -> Options {
    Options {
        javascript: true,
        dark,
        width,
        height: 1_000,
    }
}

/// Everything that `static/lanyard.css` promises and that axe does not look for.
const PROBLEMS: &str = "
    const problems = [];
    const name = (element) => element.outerHTML.slice(0, 120);
    const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
    const all = (css) => [...document.querySelectorAll(css)].filter(shown);
    if (document.documentElement.scrollWidth > innerWidth) problems.push('scrolls sideways');
    for (const element of document.querySelectorAll('script:not([src]), style, [style]')) {
      problems.push('inline: ' + name(element));
    }
    for (const image of document.images) {
      if (!image.complete || !image.naturalWidth) problems.push('no picture: ' + name(image));
    }
    const controls = 'button, .button, .brand[href], .tabs a, input:not([type=checkbox], [type=radio]), label.check';
    for (const element of all(controls)) {
      if (element.getBoundingClientRect().height < 43.5) problems.push('too low: ' + name(element));
    }
    const before = document.activeElement;
    for (const element of all('a[href], button, input, [tabindex]')) {
      element.focus({ preventScroll: true, focusVisible: true });
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      if (document.activeElement !== element) problems.push('no focus: ' + name(element));
      else if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) {
        problems.push('focus is not seen: ' + name(element));
      }
    }
    before === document.body ? document.activeElement.blur() : before.focus({ preventScroll: true });
    return problems;";

/// Looks at the page both ways.
pub(super) async fn inspect(browser: &Browser, name: &str) {
    inspect_as(browser, name, &[WIDE, NARROW]).await;
}

/// The same in some ways only.
pub(super) async fn inspect_as(browser: &Browser, name: &str, looks: &[Options]) {
    // Before axe, which is a script that no policy allows.
    assert_eq!(browser.complaints().await, [""; 0], "{name}");
    pictures(browser, name).await;
    for look in looks {
        browser.appear(*look).await;
        let problems = browser.execute(PROBLEMS).await;
        assert_eq!(problems, json!([]), "{name} {look:?}");
        let found = browser.axe().await;
        let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{name} {look:?}\n{}", lines.join("\n"));
    }
    browser.appear(Options::default()).await;
    browser.complaints().await;
}

/// Pictures, where somebody wants to look for themselves: `LANYARD_TEST_PICTURES` names a folder.
async fn pictures(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("LANYARD_TEST_PICTURES").map(PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    for look in [
        WIDE,
        look(true, WIDE.width),
        look(false, NARROW.width),
        NARROW,
    ] {
        let shade = if look.dark { "dark" } else { "light" };
        browser.appear(look).await;
        let file = format!("{name}-{shade}-{}.png", look.width);
        browser.screenshot(&folder.join(file)).await;
    }
}
