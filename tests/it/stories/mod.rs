//! Stories in a real browser: what only a browser knows is told here, everything else over HTTP.

mod account_pages;
mod admin_apps;
mod admin_pages;
mod admin_people;
mod admin_sessions;
mod check_iframe;
mod demo;
mod device_pages;
mod keyboard;
mod leaving_pages;
mod looks;
mod mass_end_pages;
mod metadata_documents;
mod my_apps;
mod one_app;
mod origins;
mod password_pages;
mod receipts;
mod samples;
mod setup_pages;
mod sign_in_pages;
mod single_page;
