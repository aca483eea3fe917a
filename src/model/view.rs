//! Pages as data: what the server hands to the browser along with the HTML that it has drawn.

use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::form::FormView;
use crate::model::language::t;
use crate::model::location::Location;
use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;

/// The data of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveView {
    /// In milliseconds, from one request for newer figures to the next.
    pub period: u32,
    /// A sentence that says when the server has drawn the page.
    pub as_of: String,
}

/// The data of the contacts page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactsView {
    /// The name of the state of all contacts that the page shows, or of one before it.
    pub generation: String,
    pub location: Location,
    pub list: Result<ContactList, AppError>,
    pub pane: Pane,
    pub notice: Option<Notice>,
    pub welcome: WelcomeOffer,
}

/// The welcome email that the form for a new contact offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeOffer {
    /// Whether the box is ticked initially: as for the last contact, or as configured.
    pub ticked: bool,
    /// The sender.
    pub from: String,
    /// The parts before, between and after the name of the contact; the same for `text`.
    pub subject: Vec<String>,
    pub text: Vec<String>,
    /// Whether there is a mail server to send it.
    pub is_sent: bool,
}

/// What the pane next to the list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pane {
    Nothing,
    /// A contact is loading. Its row is known where the list has it.
    #[serde(skip)]
    Loading(Option<ContactRow>),
    Contact(ContactDetails),
    Form(FormView),
    Failed(AppError),
}

impl Pane {
    /// The title of the document with this pane.
    pub fn title(&self) -> String {
        let title: &str = match self {
            Self::Nothing | Self::Loading(None) => t!("Contacts"),
            Self::Loading(Some(row)) => &row.name,
            Self::Contact(details) => &details.row.name,
            Self::Form(form) if form.saved.is_some() => t!("Edit contact"),
            Self::Form(_) => t!("New contact"),
            Self::Failed(AppError::NotFound) => t!("Not found"),
            Self::Failed(_) => t!("Something went wrong"),
        };
        [title, " · Kith"].concat()
    }

    /// The saved contact that is shown or edited.
    pub fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Contact(details) => Some(details.row.id),
            Self::Form(form) => form.saved.as_ref().map(|saved| saved.row.id),
            Self::Nothing | Self::Loading(_) | Self::Failed(_) => None,
        }
    }

    /// The row of the contact that is shown.
    pub fn row(&self) -> Option<ContactRow> {
        match self {
            Self::Loading(row) => row.clone(),
            Self::Contact(details) => Some(details.row.clone()),
            Self::Form(form) => form.saved.as_ref().map(|saved| saved.row.clone()),
            Self::Nothing | Self::Failed(_) => None,
        }
    }
}

/// A contact that was just moved to the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: ContactId,
    pub name: String,
}
