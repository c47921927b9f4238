//! What administrators see of sessions: the list, how many there are, and one session's story.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;

use super::Provider;
use super::people::Visitor;
use super::receipts::{Told, told, unowed};
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};
use crate::store::record::reference;
pub use crate::store::record::{
    AuditEntry, Counted, FailedAttempt, LiveCount, NoticeState, NoticeView, PartStory,
    SessionCursor, SessionPage, SessionQuestion, SessionRow, SessionState, SessionStory,
};

/// How long a count of all that live is good enough: it looks at each of them.
const COUNT_KEPT: Duration = Duration::from_secs(3);

/// How many live, as counted a moment ago. Whoever comes while it is counted waits for that count.
#[derive(Debug, Default)]
pub(super) struct LiveCounts(Mutex<Option<(Timestamp, LiveCount)>>);

/// One page of the list.
#[derive(Clone, Debug)]
pub struct SessionList {
    /// Its rows, and where its neighbours begin.
    pub page: SessionPage,
    /// How many there are of these.
    pub counted: Counted,
    /// How many live altogether.
    pub live: LiveCount,
}

/// How a client hears of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Back-Channel Logout 1.0.
    Back,
    /// Front-Channel Logout 1.0: only the person's browser can carry it.
    Front,
    /// Not at all.
    None,
}

/// One session's story, with the names in it.
#[derive(Clone, Debug)]
pub struct StoryView {
    /// As the record tells it.
    pub story: SessionStory,
    /// The apps in it, in the order in which they joined.
    pub apps: Vec<StoryApp>,
    /// What pages call the actors of the audit, by their words there.
    pub actors: HashMap<String, String>,
    /// References of the person's other live sessions, the newest first.
    pub others: Vec<String>,
    /// It is the session that looks at it.
    pub own: bool,
}

/// One client's part in a story.
#[derive(Clone, Debug)]
pub struct StoryApp {
    /// Its part.
    pub part: PartStory,
    /// How it hears of an end.
    pub channel: Channel,
    /// What was owed to it.
    pub notice: Option<NoticeView>,
    /// Whether it knows that its part is over, if it is.
    pub told: Option<Told>,
}

impl Visitor {
    /// The public reference of the session that looks.
    pub fn session_reference(&self) -> String {
        reference(self.session)
    }
}

impl Provider {
    /// A page of the sessions that a question names, with counts.
    pub async fn list_sessions(
        &self,
        question: &SessionQuestion,
        cursor: Option<&SessionCursor>,
        size: usize,
    ) -> Result<SessionList, Trouble> {
        let page = async {
            let found = self.record.search_sessions(question, cursor, size).await;
            found.map_err(Trouble::from)
        };
        let (page, counted, live) =
            tokio::try_join!(page, self.count(question), self.live_count())?;
        Ok(SessionList {
            page,
            counted,
            live,
        })
    }

    async fn count(&self, question: &SessionQuestion) -> Result<Counted, Trouble> {
        if *question != SessionQuestion::live(question.now) {
            return Ok(self.record.count_sessions(question).await?);
        }
        Ok(Counted {
            count: self.live_count().await?.sessions,
            or_more: false,
        })
    }

    /// How many sessions live, of how many people, as of some seconds ago at most.
    pub async fn live_count(&self) -> Result<LiveCount, Trouble> {
        let mut kept = self.live_counts.0.lock().await;
        let now = self.clock.now();
        if let Some((at, count)) = *kept
            && now.since(at) < COUNT_KEPT
        {
            return Ok(count);
        }
        let count = self.record.count_live(now).await?;
        *kept = Some((now, count));
        Ok(count)
    }

    /// The next look counts anew.
    pub(super) async fn count_live_anew(&self) {
        *self.live_counts.0.lock().await = None;
    }

    /// Every client with what people call it, by name.
    pub async fn app_names(&self) -> Result<Vec<(ClientId, String)>, Trouble> {
        let clients = self.record.clients().await?.into_iter();
        let mut names: Vec<_> = clients
            .map(|client| (client.client_id, client.client_name))
            .collect();
        names.sort_by_cached_key(|(id, name)| (name.to_lowercase(), id.to_string()));
        Ok(names)
    }

    /// What pages call a person.
    pub async fn person_name(&self, id: &UserId) -> Result<Option<String>, Trouble> {
        let person = self.person(id).await?;
        Ok(person.map(|person| person.display_name().to_owned()))
    }

    /// The story of the session with this public reference.
    pub async fn session_story(
        &self,
        visitor: &Visitor,
        reference: &str,
    ) -> Result<Option<StoryView>, Trouble> {
        let now = self.clock.now();
        let Some(story) = self.record.session_story(reference, now).await? else {
            return Ok(None);
        };
        let session = &story.row.session;
        let of_person = self.record.sessions_of(&session.user, now).await?;
        let others = of_person.into_iter().map(|row| row.reference);
        Ok(Some(StoryView {
            others: others
                .filter(|reference| *reference != story.row.reference)
                .collect(),
            own: session.id == visitor.session,
            apps: self.story_apps(&story).await?,
            actors: self.actors(&story.audit).await?,
            story,
        }))
    }

    async fn story_apps(&self, story: &SessionStory) -> Result<Vec<StoryApp>, Trouble> {
        let mut apps = Vec::new();
        for part in &story.parts {
            let channel = self.channel(&part.part.participant.client).await?;
            let lifetime = self.tokens_live(&part.part.participant.client).await?;
            let sid = &part.part.participant.sid;
            let notice = story.notices.iter().find(|notice| notice.sid == *sid);
            let ended = part.part.ended.or(story.row.ended);
            let reason = part.reason.or(story.row.reason);
            let (back, front) = (channel == Channel::Back, channel == Channel::Front);
            apps.push(StoryApp {
                told: ended.map(|at| match notice {
                    Some(notice) => told(notice),
                    None => unowed(back, front, reason, at + lifetime),
                }),
                notice: notice.cloned(),
                part: part.clone(),
                channel,
            });
        }
        Ok(apps)
    }

    /// How long tokens of a client may live on after an end, where an API judges them alone.
    pub(super) async fn tokens_live(&self, client: &ClientId) -> Result<Duration, Trouble> {
        let client = self.client(client).await?;
        let longest = self.settings.bounds.token_lifetime;
        Ok(client.map_or(longest, |client| self.access_lifetime(&client)))
    }

    /// How a client hears of an end.
    pub(super) async fn channel(&self, client: &ClientId) -> Result<Channel, Trouble> {
        let client = self.client(client).await?;
        Ok(match client.as_deref() {
            Some(client) if client.backchannel_logout_uri.is_some() => Channel::Back,
            Some(client) if client.frontchannel_logout_uri.is_some() => Channel::Front,
            _ => Channel::None,
        })
    }

    async fn actors(&self, lines: &[AuditEntry]) -> Result<HashMap<String, String>, Trouble> {
        let mut names = HashMap::new();
        for actor in lines.iter().map(|line| &line.actor) {
            if names.contains_key(actor) {
                continue;
            }
            let name = match actor.split_once(':') {
                Some(("person", id)) => self.person_name(&UserId::new(id)).await?,
                Some(("client", id)) => {
                    let client = self.client(&ClientId::new(id)).await?;
                    client.map(|client| client.client_name.clone())
                }
                _ => None,
            };
            names.extend(name.map(|name| (actor.clone(), name)));
        }
        Ok(names)
    }
}
