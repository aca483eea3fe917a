//! Photos per second, each beside the plain decoding of the same file in the same run, and the peak of memory of a
//! process that prepares one photo.
//!
//! How the rates are measured: `kith_test_support::measure`. The memory is the `VmHWM` of Linux, of a process for each file.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use image::DynamicImage;
use image::ExtendedColorType;
use image::ImageEncoder;
use image::ImageFormat;
use image::RgbImage;
use image::codecs::png::PngEncoder;
use jpeg_encoder::ColorType;
use jpeg_encoder::Encoder;
use kith_photo::prepare;
use kith_test_support::measure::compare;
use kith_test_support::measure::heading;
use kith_test_support::measure::introduce;

#[tokio::main]
async fn main() {
    if let Some(file) = std::env::var_os("KITH_PHOTO_FILE") {
        return peak(Path::new(&file));
    }
    introduce("Photos per second");
    heading("One core", "plain decode");
    for (name, file) in rates() {
        let file: &'static [u8] = Vec::leak(file);
        compare(
            name,
            1,
            move |_| async move {
                black_box(image::load_from_memory(file).expect("a picture"));
            },
            move |_| async move {
                black_box(prepare(file, None).expect("two pictures"));
            },
        )
        .await;
    }
    println!("\nBytes of the results, of the first file");
    let (_, file) = rates().swap_remove(0);
    let prepared = prepare(&file, None).expect("two pictures");
    for picture in [prepared.large, prepared.small] {
        println!("{0} × {0}: {1}", picture.width, picture.bytes.len());
    }
    println!("\nPeak of memory of a process with one photo");
    for (name, make) in LARGEST {
        memory(name, &make());
    }
}

fn rates() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("JPEG, 12 megapixels", jpeg(&scene(4000, 3000, 7), false)),
        ("JPEG, 1 megapixel", jpeg(&scene(1200, 900, 7), false)),
        ("progressive, 1 megapixel", jpeg(&scene(1200, 900, 7), true)),
        (
            "PNG, 1 megapixel",
            encoded(scene(1200, 900, 7).into(), ImageFormat::Png),
        ),
        (
            "WebP, 1 megapixel",
            encoded(scene(1200, 900, 7).into(), ImageFormat::WebP),
        ),
    ]
}

/// Makes a file in the moment in which it is used, since each takes much memory.
type Make = fn() -> Vec<u8>;

/// The largest of each kind within the default limits.
const LARGEST: [(&str, Make); 9] = [
    ("nothing", Vec::new),
    ("JPEG, 50 megapixels", || jpeg(&scene(7070, 7070, 0), false)),
    ("progressive, 31 megapixels", || {
        jpeg(&scene(5600, 5600, 0), true)
    }),
    ("PNG, 50 megapixels, transparent", || {
        let image = DynamicImage::ImageRgb8(scene(7070, 7070, 0)).into_rgba8();
        encoded(image.into(), ImageFormat::Png)
    }),
    ("PNG, 27 megapixels, 16 bits", || {
        let image = DynamicImage::ImageRgb8(scene(5200, 5200, 0)).into_rgba16();
        encoded(image.into(), ImageFormat::Png)
    }),
    ("PNG with a profile of 1 GB", || {
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder
            .set_icc_profile(vec![0; 1 << 30])
            .expect("a profile");
        let image = scene(7070, 7070, 0);
        encoder
            .write_image(&image, 7070, 7070, ExtendedColorType::Rgb8)
            .expect("a PNG");
        bytes
    }),
    ("WebP, lossless, 31 megapixels", || {
        encoded(scene(5600, 5600, 0).into(), ImageFormat::WebP)
    }),
    ("WebP, lossy, 44 megapixels", || webp(&lossy(6630, 6630))),
    ("WebP, animated, 11 megapixels", || {
        let still = encoded(scene(3400, 3400, 0).into(), ImageFormat::WebP);
        let sides = [&3399_u32.to_le_bytes()[..3]; 2].concat();
        let frame = [&[0; 6], &sides[..], &[100, 0, 0, 0], &still[12..]].concat();
        let canvas = chunk(b"VP8X", &[&[2, 0, 0, 0], &sides[..]].concat());
        webp(&[canvas, chunk(b"ANIM", &[0; 6]), chunk(b"ANMF", &frame)].concat())
    }),
];

/// Runs this program again, with one file.
fn memory(name: &str, file: &[u8]) {
    let place = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(place.path(), file).expect("a file");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .env("KITH_PHOTO_FILE", place.path())
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    println!(
        "{name:<34}file {:>6} kB, {}",
        file.len() / 1000,
        text.trim()
    );
}

fn peak(file: &Path) {
    let bytes = std::fs::read(file).expect("a file");
    let result = match prepare(&bytes, None) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.to_string(),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("peak {}, {result}", peak.unwrap_or("unknown").trim());
}

/// Shades, an edge and the grain of a sensor, which makes the files of all formats large.
fn scene(width: u32, height: u32, most_grain: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (state >> 29).min(most_grain) as u8;
        let (u, v) = (x * 160 / width, y * 160 / height);
        let round = (u as i32 - 80).pow(2) + (v as i32 - 80).pow(2) < 3000;
        let base = if round {
            [190, 150, 130]
        } else {
            [40 + u as u8, 60 + v as u8, 120]
        };
        image::Rgb(base.map(|channel| channel + grain))
    })
}

fn jpeg(image: &RgbImage, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_progressive(progressive);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder
        .encode(image, width, height, ColorType::Rgb)
        .expect("a JPEG");
    bytes
}

fn encoded(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a file");
    bytes.into_inner()
}

/// A frame of gray: the arithmetic decoder makes pixels of any bytes.
fn lossy(width: u16, height: u16) -> Vec<u8> {
    let data = vec![0; 700_000];
    let tag = (350_000_u32 << 5 | 1 << 4).to_le_bytes();
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    let frame = [&tag[..3], &[0x9D, 0x01, 0x2A], &sides[..], &data[..]].concat();
    chunk(b"VP8 ", &frame)
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u32).to_le_bytes();
    let padding = &[0][..content.len() % 2];
    [&name[..], &size, content, padding].concat()
}

fn webp(chunks: &[u8]) -> Vec<u8> {
    let size = (chunks.len() as u32 + 4).to_le_bytes();
    [b"RIFF", &size[..], b"WEBP", chunks].concat()
}
