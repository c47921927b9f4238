//! What holds for every authorization request, whatever its order and its extras.

use proptest::prelude::*;

use super::*;

const GOOD: [(&str, &str); 10] = [
    ("response_type", "code"),
    ("client_id", "wiki"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid email"),
    ("state", "st"),
    ("nonce", "n-1"),
    ("max_age", "60"),
    ("login_hint", "alice"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// The request, or what is said of it, and whether the client hears it.
fn read(pairs: &[(&str, &str)]) -> Result<Checked, (bool, String)> {
    let client = wiki();
    let pairs = pairs.iter().copied();
    let request = Unchecked::new(Params::from_pairs(pairs).unwrap()).for_client(&client);
    let request = request.map_err(|untrusted| (false, untrusted.to_string()))?;
    let checked = judged(request, &client, Features::default());
    checked.map_err(|refusal| (true, refusal.error.to_string()))
}

proptest! {
    #[test]
    fn order_and_unknown_parameters_mean_nothing(
        shuffled in Just(GOOD.to_vec()).prop_shuffle(),
        extras in prop::collection::vec(
            ("(x_|State|prompt\\[\\]|é)[a-z_]{0,12}", "[^\\x00]{0,20}", any::<prop::sample::Index>()),
            0..10,
        ),
    ) {
        let mut pairs: Vec<(&str, &str)> = shuffled;
        for (name, value, at) in &extras {
            pairs.insert(at.index(pairs.len()), (name, value));
        }
        prop_assert_eq!(read(&pairs), read(&GOOD));
        prop_assert!(read(&pairs).is_ok());
    }

    #[test]
    fn whatever_is_repeated_is_refused_wherever_it_stands(
        shuffled in Just(GOOD.to_vec()).prop_shuffle(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        same: bool,
    ) {
        let (name, value) = shuffled[which.index(GOOD.len())];
        let mut pairs = shuffled.clone();
        let value = if same { value } else { "other" };
        pairs.insert(at.index(pairs.len() + 1), (name, value));
        // Nothing redirects before client and redirect URI are known.
        let told = !matches!(name, "client_id" | "redirect_uri");
        let refused = read(&pairs).unwrap_err();
        prop_assert_eq!(refused.0, told, "{}", name);
        prop_assert!(!told || refused.1.contains("must be sent once"), "{}", refused.1);
    }

    #[test]
    fn no_value_panics_and_what_is_kept_is_bounded(
        which in any::<prop::sample::Index>(),
        value in prop_oneof!["[^\\x00]{0,60}", "[a-z ]{500,1200}"],
    ) {
        let mut pairs = GOOD.to_vec();
        let which = which.index(GOOD.len());
        pairs[which].1 = &value;
        if let Ok(checked) = read(&pairs) {
            prop_assert_eq!(&checked.target.redirect_uri, CALLBACK);
            let state = checked.target.state.as_deref().unwrap_or_default();
            prop_assert!(state == "st" || state == value);
            prop_assert!(checked.login_hint.is_none_or(|hint| hint.len() <= 1_024));
        }
    }
}
