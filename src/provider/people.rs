//! What people see and do on their account page: their devices, the apps in each, and the apps
//! that they allowed something.

use super::Provider;
use super::end_session::SignedOut;
use super::handles::SessionCookie;
use super::live::Presented;
use super::sessions::Ended;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, UserId};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::reference;

/// A signed-in person at a page of ours.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Their session.
    pub(super) session: SessionId,
    /// Who.
    pub(super) person: UserId,
    /// What pages call them.
    pub name: String,
    /// What they sign in with.
    pub username: String,
    /// Whether pages offer them the admin pages. Those ask the record anew.
    pub admin: bool,
    /// For forms.
    pub csrf: String,
    /// When they last proved who they are.
    pub(super) auth_time: Timestamp,
    last_seen: Timestamp,
}

/// One of a person's sessions.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// Short public name of the session.
    pub reference: String,
    /// The one that looks.
    pub here: bool,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Coarse address.
    pub address: String,
    /// Sign-in.
    pub began: Timestamp,
    /// Last activity known.
    pub last_seen: Timestamp,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// Without activity.
    pub idle_timeout: std::time::Duration,
    /// "Stay signed in."
    pub remembered: bool,
    /// The apps in it, each with its name.
    pub apps: Vec<(ClientId, String)>,
}

/// An app that a person allowed something.
#[derive(Clone, Debug)]
pub struct AppView {
    /// Its client id.
    pub client: ClientId,
    /// Its name.
    pub name: String,
    /// What it may.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// Last use of an offline grant, if it holds one.
    pub offline_last_used: Option<Timestamp>,
}

impl Visitor {
    /// Them, for the audit.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person.clone())
    }
}

impl Provider {
    /// Who looks at a page of ours. Counts as activity.
    pub async fn visitor(
        &self,
        cookie: Option<&SessionCookie>,
    ) -> Result<Option<Visitor>, Trouble> {
        let Presented::Live(live) = self.presented(cookie, &[]).await? else {
            return Ok(None);
        };
        self.seen(&live).await;
        Ok(Some(Visitor {
            session: live.session.id,
            person: live.session.user.clone(),
            name: live.person.display_name().to_owned(),
            username: live.person.username.clone(),
            admin: live.person.admin,
            csrf: self.session_token(live.session.id),
            auth_time: live.session.auth_time,
            last_seen: self.clock.now(),
        }))
    }

    /// Whether a form of this person carries its token.
    pub fn visitor_form_matches(&self, visitor: &Visitor, token: &str) -> bool {
        self.session_token_matches(visitor.session, token)
    }

    /// The person's live sessions, this one first, then the latest used.
    pub async fn devices(&self, visitor: &Visitor) -> Result<Vec<DeviceView>, Trouble> {
        let rows = self
            .record
            .sessions_of(&visitor.person, self.clock.now())
            .await?;
        let mut devices: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let here = row.session.id == visitor.session;
                DeviceView {
                    reference: reference(row.session.id),
                    here,
                    user_agent: row.session.user_agent,
                    address: row.session.address,
                    began: row.session.began,
                    last_seen: if here {
                        visitor.last_seen
                    } else {
                        row.session.last_seen
                    },
                    expires: row.session.expires,
                    idle_timeout: row.session.idle_timeout,
                    remembered: row.session.remembered,
                    apps: row
                        .participants
                        .into_iter()
                        .filter(|part| part.ended.is_none())
                        .map(|part| (part.participant.client, part.client_name))
                        .collect(),
                }
            })
            .collect();
        devices.sort_by_key(|device| (!device.here, std::cmp::Reverse(device.last_seen)));
        Ok(devices)
    }

    /// Ends one of the person's own sessions. False: it is not theirs, or there is none.
    pub async fn end_device(&self, visitor: &Visitor, device: &str) -> Result<bool, Trouble> {
        let Some(id) = self.own_session(visitor, device).await? else {
            return Ok(false);
        };
        let selection = Selection::Session(id);
        self.end(&selection, Reason::User, &visitor.actor()).await?;
        Ok(true)
    }

    /// Signs the person out of one app in one of their own sessions. None: the session is not
    /// theirs, or the app never was in it.
    pub async fn end_app_on_device(
        &self,
        visitor: &Visitor,
        device: &str,
        client: &ClientId,
    ) -> Result<Option<SignedOut>, Trouble> {
        let Some(id) = self.own_session(visitor, device).await? else {
            return Ok(None);
        };
        let actor = visitor.actor();
        let done = self.sign_out_app((id, client), Reason::User, &actor);
        let mut done = done.await?;
        if id != visitor.session {
            // The app's cookies are in the other browser.
            done.frames.clear();
        }
        Ok(done.receipts.is_some().then_some(done))
    }

    async fn own_session(
        &self,
        visitor: &Visitor,
        device: &str,
    ) -> Result<Option<SessionId>, Trouble> {
        let Some(id) = self.record.session_by_reference(device).await? else {
            return Ok(None);
        };
        let snapshot = self.record.load_session(id).await?;
        let own = snapshot.is_some_and(|snapshot| snapshot.session.user == visitor.person);
        Ok(own.then_some(id))
    }

    /// Ends all of the person's sessions but this one. How many lived until now, and the references
    /// of these.
    pub async fn end_other_devices(
        &self,
        visitor: &Visitor,
    ) -> Result<(usize, Vec<String>), Trouble> {
        self.end_others_for(visitor, Reason::User).await
    }

    pub(super) async fn end_others_for(
        &self,
        visitor: &Visitor,
        reason: Reason,
    ) -> Result<(usize, Vec<String>), Trouble> {
        let since = self.clock.now();
        let selection = Selection::Person {
            user: visitor.person.clone(),
            except: Some(visitor.session),
        };
        let ended = self.end(&selection, reason, &visitor.actor()).await?;
        let fresh = ended.fresh;
        if fresh == 0 {
            return Ok((0, Vec::new()));
        }
        let references = self.ended_since(ended, since, reason).await?;
        Ok((fresh, references))
    }

    /// Signs the person out here.
    pub async fn sign_out_here(&self, visitor: &Visitor) -> Result<SignedOut, Trouble> {
        self.sign_out(visitor.session, Reason::User, &visitor.actor())
            .await
    }

    /// Apps with a consent or an offline grant.
    pub async fn apps(&self, visitor: &Visitor) -> Result<Vec<AppView>, Trouble> {
        self.apps_allowed_by(&visitor.person).await
    }

    /// Apps to which a person gave a consent or that hold an offline grant of theirs.
    pub(super) async fn apps_allowed_by(&self, person: &UserId) -> Result<Vec<AppView>, Trouble> {
        let grants = self.record.offline_grants_of(person).await?;
        let mut apps: Vec<AppView> = Vec::new();
        for consent in self.record.consents_of(person).await? {
            apps.push(AppView {
                client: consent.client,
                name: consent.client_name,
                scopes: consent.consent.scopes,
                since: consent.consent.granted,
                offline_last_used: None,
            });
        }
        for grant in grants {
            if !apps.iter().any(|app| app.client == grant.client) {
                let client = self.client(&grant.client).await?;
                apps.push(AppView {
                    name: client.map_or_else(
                        || grant.client.to_string(),
                        |client| client.client_name.clone(),
                    ),
                    client: grant.client.clone(),
                    scopes: grant.scope.clone(),
                    since: grant.began,
                    offline_last_used: None,
                });
            }
            let app = apps.iter_mut().find(|app| app.client == grant.client);
            if let Some(app) = app {
                app.offline_last_used = app.offline_last_used.max(Some(grant.last_used));
                app.since = app.since.min(grant.began);
            }
        }
        Ok(apps)
    }

    /// Withdraws what an app was allowed: its consent, its grants, its parts of sessions.
    pub async fn withdraw(&self, visitor: &Visitor, client: &ClientId) -> Result<Ended, Trouble> {
        let selection = Selection::ClientOfPerson(visitor.person.clone(), client.clone());
        self.end_as(&selection, Reason::User, Verb::Revoke, &visitor.actor())
            .await
    }
}
