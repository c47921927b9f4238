//! "Your account": the apps that one can open.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use url::Url;

use super::{frame, visitor};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::http::state::State;
use crate::pages::account::Tab;
use crate::pages::my_apps::{Door, MyApps};
use crate::pages::parts::Link;
use crate::provider;

pub(in crate::http) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, PageTrouble> {
    let visitor = match visitor(&state, &request).await? {
        Ok(visitor) => visitor,
        Err(response) => return Ok(response),
    };
    let doors = state.provider.doors(&visitor).await?;
    let page = MyApps {
        frame: frame(&visitor, Tab::Open, None),
        apps: doors.iter().filter_map(|one| door(&state, one)).collect(),
    };
    let logos = page.apps.iter().filter_map(|door| door.app.logo.as_ref());
    let policy = Policy {
        images: logos.map(ToString::to_string).collect(),
        ..Policy::stays()
    };
    Ok(respond::page(StatusCode::OK, &page, &policy))
}

fn door(state: &State, door: &provider::Door) -> Option<Door> {
    let host = Url::parse(&door.address).ok()?.host_str()?.to_owned();
    Some(Door {
        app: respond::app(state, &door.client),
        link: Link::new(&door.address)?,
        host,
        signs_in: door.client.initiate_login_uri.is_some(),
    })
}
