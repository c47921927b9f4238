//! The pages: one struct for each, with exactly what its template shows, and samples of it.
//!
//! A page decides nothing and knows nothing of sessions or clients: it is given texts and says
//! them. Templates lie in `templates/`, files in `static/`. No page needs a script, and none has
//! one inline, nor a style: the Content-Security-Policy can stay strict. What a page needs in its
//! headers stands at its struct.

pub mod account;
pub mod account_apps;
pub mod account_password;
pub mod account_profile;
pub mod account_sessions;
pub mod admin;
pub mod app_words;
pub mod assets;
pub mod choose_account;
pub mod connect_device;
pub mod consent;
pub mod device;
pub mod error;
pub mod fields;
pub mod form_post;
pub mod message;
pub mod my_apps;
pub mod new_password;
pub mod number;
pub mod parts;
pub mod resume;
mod samples;
pub mod scope_words;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod signed_out;
pub mod time;

use askama::Template;

/// A page that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be rendered")]
pub struct RenderError(#[source] askama::Error);

/// A name for a state of a page, and the page in that state.
pub type Sample<P> = (&'static str, P);

/// One kind of page.
pub trait Page: Template + Sized {
    /// Its name, for tests and screenshots.
    const KIND: &'static str;
    /// A stable part of its heading, by which tests and conformance suites know it.
    const MARKER: &'static str;

    /// The states worth looking at.
    fn samples() -> Vec<Sample<Self>>;

    /// The whole HTML document.
    fn render_page(&self) -> Result<String, RenderError> {
        self.render().map_err(RenderError)
    }
}

/// One rendered sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// [`Page::KIND`].
    pub kind: &'static str,
    /// The sample's name.
    pub sample: &'static str,
    /// [`Page::MARKER`].
    pub marker: &'static str,
    /// The document.
    pub html: String,
}

/// Every sample of every page: for the tests, and to be looked at.
pub fn all_samples() -> Result<Vec<Rendered>, RenderError> {
    let mut all = Vec::new();
    add::<sign_in::SignIn>(&mut all)?;
    add::<new_password::NewPassword>(&mut all)?;
    add::<setup::Setup>(&mut all)?;
    add::<setup::SetupVoid>(&mut all)?;
    add::<consent::Consent>(&mut all)?;
    add::<choose_account::ChooseAccount>(&mut all)?;
    add::<resume::Resume>(&mut all)?;
    add::<error::ErrorPage>(&mut all)?;
    add::<sign_out::SignOut>(&mut all)?;
    add::<signed_out::SignedOut>(&mut all)?;
    add::<form_post::FormPost>(&mut all)?;
    add::<connect_device::DeviceCode>(&mut all)?;
    add::<connect_device::DeviceConfirm>(&mut all)?;
    add::<connect_device::DeviceDone>(&mut all)?;
    add::<message::Message>(&mut all)?;
    add::<account_sessions::AccountSessions>(&mut all)?;
    add::<account_apps::AccountApps>(&mut all)?;
    add::<my_apps::MyApps>(&mut all)?;
    add::<account_password::AccountPassword>(&mut all)?;
    add::<account_profile::AccountProfile>(&mut all)?;
    add::<admin::confirm::Confirm>(&mut all)?;
    add::<admin::confirm::Confirmed>(&mut all)?;
    add::<admin::overview::Overview>(&mut all)?;
    add::<admin::audit::Audit>(&mut all)?;
    add::<admin::keys::Keys>(&mut all)?;
    add::<admin::keys::KeyRotation>(&mut all)?;
    add::<admin::sessions::Sessions>(&mut all)?;
    add::<admin::session::OneSession>(&mut all)?;
    add::<admin::session_end::EndSessions>(&mut all)?;
    add::<admin::session_end::EndsStopped>(&mut all)?;
    add::<admin::mass_plan::MassPlanPage>(&mut all)?;
    add::<admin::mass_end::MassDone>(&mut all)?;
    add::<admin::mass_end::MassLines>(&mut all)?;
    add::<admin::session_told::SessionsTold>(&mut all)?;
    add::<admin::session_app::EndApp>(&mut all)?;
    add::<admin::apps::Apps>(&mut all)?;
    add::<admin::app::OneApp>(&mut all)?;
    add::<admin::app_form::AppForm>(&mut all)?;
    add::<admin::app_secret::AppSecret>(&mut all)?;
    add::<admin::app_question::AppQuestion>(&mut all)?;
    add::<admin::people::People>(&mut all)?;
    add::<admin::person::OnePerson>(&mut all)?;
    add::<admin::person_form::PersonForm>(&mut all)?;
    add::<admin::person_deed::AskDeed>(&mut all)?;
    add::<admin::person_password::SetPassword>(&mut all)?;
    add::<admin::person_password::PasswordShown>(&mut all)?;
    Ok(all)
}

fn add<P: Page>(all: &mut Vec<Rendered>) -> Result<(), RenderError> {
    for (sample, page) in P::samples() {
        all.push(Rendered {
            kind: P::KIND,
            sample,
            marker: P::MARKER,
            html: page.render_page()?,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
