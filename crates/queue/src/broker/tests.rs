//! The broker with a clock that tests move. The application tests its requests over HTTP in `src/tests/queue`,
//! and by the SDK of QStash in `end2end`.

mod claims;
mod clock;
mod clocks;
mod delivery;
mod listings;
mod outbox;
mod pause;
mod races;
mod rig;
mod schedules;
