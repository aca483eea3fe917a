//! Photos of contacts: the pictures that are served, the page on which one is chosen, and the API.

use std::io::Cursor;
use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::ImageFormat;
use image::Rgb;
use image::RgbImage;
use kith::model::contact::Contact;
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;

const RED: [u8; 3] = [200, 0, 0];
const BLUE: [u8; 3] = [0, 0, 200];

/// What a JPEG says of where it was taken, in a segment of its own.
const PLACE: &[u8] = b"Exif\0\0GPS 51.50853, -0.12574";

const BOUNDARY: &str = "a-boundary";

/// A picture whose left half has one colour, and whose right half has the other.
fn picture(left: [u8; 3], right: [u8; 3], format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(600, 300, |x, _| Rgb(if x < 300 { left } else { right }));
    image.write_to(&mut file, format).expect("memory");
    file.into_inner()
}

fn jpeg(color: [u8; 3]) -> Vec<u8> {
    picture(color, color, ImageFormat::Jpeg)
}

/// A JPEG with metadata.
fn with_place(color: [u8; 3]) -> Vec<u8> {
    let file = jpeg(color);
    let length = (PLACE.len() as u16 + 2).to_be_bytes();
    [&file[..2], b"\xFF\xE1", &length, PLACE, &file[2..]].concat()
}

fn is_about(picture: &RgbImage, x: u32, y: u32, color: [u8; 3]) -> bool {
    let pixel = picture.get_pixel(x, y).0;
    pixel
        .iter()
        .zip(color)
        .all(|(ours, wanted)| ours.abs_diff(wanted) < 20)
}

fn decoded(file: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(file, ImageFormat::Jpeg)
        .expect("a JPEG")
        .into_rgb8()
}

fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), value, b"\r\n"].concat()
}

/// A form as a browser sends it.
fn form(file: &[u8], crop: &[(&str, &str)]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let mut body = [head.as_bytes(), file, b"\r\n"].concat();
    for (name, value) in crop {
        body.extend(field(name, value.as_bytes()));
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

async fn post(app: &TestApp, path: &str, body: Vec<u8>) -> Response {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = app
        .request(Method::POST, path)
        .header("content-type", kind)
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .body(body);
    send(request).await
}

async fn put(app: &TestApp, contact: &Contact, kind: &str, file: Vec<u8>) -> Response {
    let path = format!("/api/contacts/{}/photo", contact.id);
    let request = app
        .request(Method::PUT, &path)
        .header("content-type", kind)
        .body(file);
    send(request).await
}

async fn read(app: &TestApp, of: &Contact) -> Contact {
    contact(app.get(&format!("/api/contacts/{}", of.id)).await).await
}

async fn card(app: &TestApp, of: &Contact) -> String {
    let path = format!("/contacts/{}/card.vcf", of.id);
    app.get(&path).await.text().await.expect("a card")
}

async fn bytes(response: Response) -> Vec<u8> {
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.expect("a body").into()
}

/// The address of a photo that a contact has.
fn address(of: &Contact) -> &str {
    of.photo.as_deref().expect("it has a photo")
}

/// Gives a contact a card with this line in it, as another program writes it.
async fn import(app: &TestApp, of: &Contact, line: &str) -> Contact {
    let card = card(app, of).await;
    let card = card.replace("END:", &format!("{line}\r\nEND:"));
    let contacts = app.contacts().await;
    let replaced = contacts.replace_card(of.id, card.into_bytes(), None).await;
    replaced.expect("it is a card")
}

async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

#[tokio::test]
async fn a_photo_is_chosen_shown_replaced_and_removed_without_scripts() {
    let app = start().await;
    let ada = app.create("Ada <b>", "ada@example.com").await;
    let path = format!("/contacts/{}/photo", ada.id);
    let page = Page::read(app.get(&path).await).await;
    assert_eq!(page.texts("h1"), ["Photo of Ada <b>"]);
    assert!(
        page.has("form[method=post][enctype='multipart/form-data'] input[type=file][name=photo]")
    );
    assert!(!page.has("main img") && !page.text().contains("Remove photo"));

    let answer = post(&app, &path, form(&jpeg(RED), &[])).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&answer, "location"), format!("/contacts/{}", ada.id));
    let first = read(&app, &ada).await;
    assert_eq!(first.version, ada.version + 1);
    for (size, pixels) in [("", 300), ("?small", 96)] {
        let answer = app.get(&format!("{}{size}", address(&first))).await;
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("cache-control", "private, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "content-security-policy",
                "default-src 'none'; sandbox; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(header(&answer, name), value, "{name}");
        }
        let shown = decoded(&bytes(answer).await);
        assert_eq!((shown.width(), shown.height()), (pixels, pixels));
        assert!(is_about(&shown, pixels / 2, pixels / 2, RED));
    }
    let page = Page::read(app.get(&path).await).await;
    assert_eq!(page.attributes("main img", "src"), [address(&first)]);

    let answer = post(&app, &path, form(&jpeg(BLUE), &[])).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let second = read(&app, &ada).await;
    assert_ne!(second.photo, first.photo);
    assert_eq!(
        app.get(address(&first)).await.status(),
        StatusCode::NOT_FOUND
    );

    let remove = format!("{path}/remove");
    let question = Page::read(app.get(&remove).await).await;
    assert_eq!(question.texts("h1"), ["Remove the photo of Ada <b> ?"]);
    assert!(read(&app, &ada).await.photo.is_some());
    let answer = app.submit(&remove, &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(read(&app, &ada).await.photo, None);
    assert_eq!(
        app.get(address(&second)).await.status(),
        StatusCode::NOT_FOUND
    );
    let activity = Page::read(app.get(&format!("/contacts/{}", ada.id)).await).await;
    assert!(activity.text().contains("Photo changed"));
}

#[tokio::test]
async fn the_square_that_a_form_names_is_kept() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/photo", ada.id);
    let file = picture(RED, BLUE, ImageFormat::Png);
    for (crop, left, right) in [
        (&[][..], RED, BLUE),
        (&[("x", ""), ("y", ""), ("size", "")], RED, BLUE),
        (&[("x", "0"), ("y", "0"), ("size", "1")], RED, RED),
        (&[("x", "1.0"), ("y", "0"), ("size", "0.5")], BLUE, BLUE),
        (&[("x", "NaN"), ("y", "inf"), ("size", "a word")], RED, BLUE),
    ] {
        let answer = post(&app, &path, form(&file, crop)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{crop:?}");
        let saved = read(&app, &ada).await;
        let shown = decoded(&bytes(app.get(address(&saved)).await).await);
        let end = shown.width() - 9;
        assert!(is_about(&shown, 8, 8, left), "{crop:?}");
        assert!(is_about(&shown, end, 8, right), "{crop:?}");
    }
}

#[tokio::test]
async fn a_refused_file_says_what_to_do() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/photo", ada.id);
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let bomb = [
        &b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"[..],
        &60_000_u32.to_be_bytes(),
        &60_000_u32.to_be_bytes(),
        &[8, 2, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let large = [jpeg(RED), vec![0; 11 << 20]].concat();
    for (file, advice) in [
        (Vec::new(), "The file is empty. Choose a photo."),
        (heic, "Most Compatible"),
        (b"<svg xmlns='x'/>".to_vec(), "Export the drawing as PNG"),
        (b"a text".to_vec(), "Choose a JPEG, PNG or WebP file."),
        (bomb, "60000 × 60000 pixels"),
        (large, "at most 10 MB"),
        (jpeg(RED)[..200].to_vec(), "damaged or incomplete"),
    ] {
        let answer = post(&app, &path, form(&file, &[])).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{advice}");
        let page = Page::read(answer).await;
        let text = page.texts("[role=alert]").concat();
        assert!(text.contains(advice), "{text}");
        assert!(page.has("input[type=file]"));
        let refused = put(&app, &ada, "image/png", file).await;
        let refused = problem(refused, StatusCode::BAD_REQUEST).await;
        let detail = refused["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(advice), "{detail}");
    }
    for body in [Vec::new(), b"x".to_vec(), field("x", b"1"), form(b"", &[])] {
        let answer = post(&app, &path, body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(Page::read(answer).await.has("input[type=file]"));
    }
    let urlencoded = app.submit(&path, &[("photo", "x")]).await;
    assert_eq!(urlencoded.status(), StatusCode::BAD_REQUEST);
    // More than is read at all.
    let huge = put(&app, &ada, "image/jpeg", vec![0; 17 << 20]).await;
    problem(huge, StatusCode::PAYLOAD_TOO_LARGE).await;
    // Elsewhere the limit is what it was.
    let other = app
        .request(Method::PUT, &format!("/api/contacts/{}", ada.id))
        .body(vec![b' '; 1 << 20]);
    assert_eq!(send(other).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(read(&app, &ada).await, ada);
}

#[tokio::test]
async fn nothing_but_the_pixels_of_an_upload_is_kept() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let kept = import(&app, &ada, "X-KEPT;x=\"1\":as it is").await;
    let before = card(&app, &ada).await;
    let answer = put(&app, &kept, "image/jpeg", with_place(RED)).await;
    let set = contact(answer).await;
    let after = card(&app, &ada).await;
    let mut in_card = String::new();
    let mut others = String::new();
    let mut is_photo = false;
    for line in after.split_inclusive("\r\n") {
        is_photo = line.starts_with("PHOTO") || (is_photo && line.starts_with(' '));
        match is_photo {
            true => in_card.push_str(line.trim()),
            false => others.push_str(line),
        }
    }
    assert_eq!(others, before);
    let (_, base64) = in_card.rsplit_once(':').expect("a value");
    let in_card = BASE64_STANDARD.decode(base64).expect("base64");
    let served = bytes(app.get(address(&set)).await).await;
    assert_eq!(in_card, served);
    let small = bytes(app.get(&format!("{}?small", address(&set))).await).await;
    for file in [served, small] {
        assert!(!file.windows(3).any(|window| window == b"GPS"));
        assert!(!file.windows(4).any(|window| window == b"Exif"));
    }
    let path = format!("/contacts/{}/photo/remove", ada.id);
    let removed = app.submit(&path, &[]).await;
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    assert_eq!(card(&app, &ada).await, before);
}

#[tokio::test]
async fn a_photo_that_came_in_a_card_is_shown_and_its_bytes_stay() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let base64 = BASE64_STANDARD.encode(with_place(BLUE));
    let imported = import(&app, &ada, &format!("PHOTO;ENCODING=b;TYPE=JPEG:{base64}")).await;
    let before = card(&app, &ada).await;
    let asked = (0..8).map(|_| app.get(address(&imported)));
    let mut pictures = Vec::new();
    for answer in futures_util::future::join_all(asked).await {
        pictures.push(bytes(answer).await);
    }
    assert!(pictures.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(is_about(&decoded(&pictures[0]), 150, 150, BLUE));
    assert!(!pictures[0].windows(3).any(|window| window == b"GPS"));
    assert_eq!(card(&app, &ada).await, before);
    assert_eq!(read(&app, &ada).await, imported);

    for line in [
        "PHOTO;ENCODING=b;TYPE=JPEG:AAAA",
        "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=",
    ] {
        let bob = app.create("Bob", "bob@example.com").await;
        let bob = import(&app, &bob, line).await;
        for _ in 0..2 {
            let answer = app.get(address(&bob)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        }
    }
    let cem = app.create("Cem", "cem@example.com").await;
    let elsewhere = import(&app, &cem, "PHOTO;VALUE=uri:http://192.0.2.1/cem.jpg").await;
    assert_eq!(elsewhere.photo, None);
}

#[tokio::test]
async fn programs_read_replace_and_remove_a_photo() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}/photo", ada.id);
    problem(app.get(&path).await, StatusCode::NOT_FOUND).await;
    for kind in ["text/plain", "image/gif", "application/json"] {
        let refused = put(&app, &ada, kind, jpeg(RED)).await;
        problem(refused, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    }
    let stale = app
        .request(Method::PUT, &path)
        .header("content-type", "image/jpeg")
        .header("if-match", "\"9\"")
        .body(jpeg(RED));
    let stale = problem(send(stale).await, StatusCode::PRECONDITION_FAILED).await;
    assert_eq!(stale["contact"]["version"], 1);
    let webp = picture(RED, RED, ImageFormat::WebP);
    let current = app
        .request(Method::PUT, &path)
        .header("content-type", "image/webp")
        .header("if-match", "\"9\", \"1\"")
        .body(webp);
    let answer = send(current).await;
    assert_eq!(header(&answer, "etag"), "\"2\"");
    let set = contact(answer).await;
    let answer = app.get(&path).await;
    let etag = header(&answer, "etag").to_owned();
    assert_eq!(header(&answer, "content-type"), "image/jpeg");
    assert_eq!(header(&answer, "cache-control"), "private, no-cache");
    let served = bytes(answer).await;
    assert_eq!(served, bytes(app.get(address(&set)).await).await);
    let known = app
        .request(Method::GET, &path)
        .header("if-none-match", &etag);
    assert_eq!(send(known).await.status(), StatusCode::NOT_MODIFIED);

    // What an answer says may be sent back.
    let body: Value = app
        .get(&format!("/api/contacts/{}", ada.id))
        .await
        .json()
        .await
        .expect("JSON");
    let put_back = app
        .request(Method::PUT, &format!("/api/contacts/{}", ada.id))
        .json(&body["contact"]);
    assert_eq!(contact(send(put_back).await).await, set);

    let stale = app
        .request(Method::DELETE, &path)
        .header("if-match", "\"1\"");
    problem(send(stale).await, StatusCode::PRECONDITION_FAILED).await;
    for version in [3, 3] {
        let removed = contact(send(app.request(Method::DELETE, &path)).await).await;
        assert_eq!((removed.photo, removed.version), (None, version));
    }
    problem(app.get(&path).await, StatusCode::NOT_FOUND).await;
    let nowhere = "/api/contacts/0198c0de-0000-7000-8000-000000000001/photo";
    for method in [Method::GET, Method::DELETE] {
        let answer = send(app.request(method, nowhere)).await;
        problem(answer, StatusCode::NOT_FOUND).await;
    }
}

#[tokio::test]
async fn avatars_show_photos_in_the_list_and_the_pane() {
    let app = start().await;
    let ada = app.create("Ada Lovelace", "ada@example.com").await;
    app.create("Bob", "bob@example.com").await;
    let set = contact(put(&app, &ada, "image/jpeg", jpeg(RED)).await).await;
    let page = Page::read(app.get(&format!("/contacts/{}", ada.id)).await).await;
    let small = format!("{}?small", address(&set));
    assert_eq!(
        page.attributes(".avatar img", "src"),
        [&small, address(&set)]
    );
    for (name, value) in [
        ("alt", ""),
        ("loading", "lazy"),
        ("width", "64"),
        ("height", "64"),
    ] {
        assert_eq!(page.attributes(".avatar img", name), [value, value]);
    }
    assert_eq!(page.texts(".avatar"), ["AL", "B", "AL"]);
    let link = format!("a[href='/contacts/{}/photo']", ada.id);
    assert!(page.has(&link));
    let edit = Page::read(app.get(&format!("/contacts/{}/edit", ada.id)).await).await;
    assert_eq!(edit.attributes("form .avatar img", "src"), [address(&set)]);
    let path = format!("/api/contacts/{}", ada.id);
    send(app.request(Method::DELETE, &path)).await;
    let trash =
        app.list("").await.to_string() + &app.get("/api/trash").await.text().await.expect("JSON");
    assert!(!trash.contains("/photo/"), "{trash}");
    assert_eq!(app.get(address(&set)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_screen_of_pictures_does_not_use_up_the_limit_of_pages() {
    let app = TestApp::with(|config| {
        config.welcome.enabled = false;
        config.limits.ui.limit = NonZeroU32::new(3).expect("it is not 0");
    })
    .await;
    let ada = app.create("Ada", "ada@example.com").await;
    let set = contact(put(&app, &ada, "image/jpeg", jpeg(RED)).await).await;
    for _ in 0..20 {
        let answer = app.get(address(&set)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "x-ratelimit-limit"), "");
    }
    assert_eq!(app.get("/contacts").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn no_bytes_are_a_fault_of_the_server() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/photo", ada.id);
    let mut random = StdRng::seed_from_u64(19);
    let files = [
        with_place(RED),
        picture(RED, BLUE, ImageFormat::Png),
        picture(RED, BLUE, ImageFormat::WebP),
    ];
    for round in 0..90 {
        let mut file = files[round % files.len()].clone();
        for _ in 0..random.random_range(1..20) {
            let place = random.random_range(0..file.len());
            file[place] = random.random();
        }
        file.truncate(random.random_range(0..=file.len()));
        let mut body = form(&file, &[("x", "1e999")]);
        if round % 3 == 0 {
            let place = random.random_range(0..body.len());
            body[place] = random.random();
        }
        let uploaded = post(&app, &path, body).await.status();
        assert!(
            uploaded.is_redirection() || uploaded == StatusCode::BAD_REQUEST,
            "{uploaded}"
        );
        let replaced = put(&app, &ada, "image/png", file.clone()).await.status();
        assert!(
            replaced.is_success() || replaced == StatusCode::BAD_REQUEST,
            "{replaced}"
        );
        let base64 = BASE64_STANDARD.encode(&file);
        let bob = app.create("Bob", "bob@example.com").await;
        let bob = import(&app, &bob, &format!("PHOTO;ENCODING=b:{base64}")).await;
        if let Some(photo) = &bob.photo {
            let shown = app.get(photo).await.status();
            assert!(
                shown == StatusCode::OK || shown == StatusCode::NOT_FOUND,
                "{shown}"
            );
        }
    }
    for name in ["x", "x.jpg", "%FF.jpg", "..%2F..%2Fx.jpg", "remove.jpg"] {
        let answer = app.get(&format!("{path}/{name}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{name}");
    }
}
