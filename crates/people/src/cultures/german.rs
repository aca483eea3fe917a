//! Names and habits of German.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "Deutschland",
    female: "Anna Lena Marie Sophie Käthe Jürgine Ursula Monika Petra Sabine Renate Helga Karin Brigitte Ingrid Birgit Gisela Susanne Claudia Katharina Franziska Zoë Mia Emilia Lara Jule Greta Frieda Heike Bärbel",
    male: "Jürgen Günter Jörg Björn Sören Hans Peter Wolfgang Klaus Michael Thomas Andreas Stefan Christian Matthias Ulrich Götz Lukas Jonas Leon Finn Maximilian Karl-Heinz Hans-Peter Dieter Uwe Bernd Rüdiger Moritz Felix",
    middle_female: "",
    middle_male: "",
    family: "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Groß Weiß Jäger Böhm Köhler Strauß Müller-Lüdenscheidt von_Bülow Voß Günther",
    street: "{street} {number}",
    streets: "Hauptstraße|Bahnhofstraße|Gartenweg|Schloßallee|Lindenstraße|Am Mühlbach|Goethestraße|Kirchgasse|Straße des Friedens",
    places: "Berlin;;10###|München;Bayern;80###|Köln;Nordrhein-Westfalen;50###|Lübeck;Schleswig-Holstein;23###|Görlitz;Sachsen;02###|Tübingen;Baden-Württemberg;72###|Düsseldorf;Nordrhein-Westfalen;40###",
    mobiles: "0171 39200##|+49 171 39200##|0171/39200##|(0171) 39200## (nur abends)",
    landlines: "030 23125###|+49 30 23125-###|(089) 99998###|+49 (0)40 66969 ###|0221/4710###|069 90009###, Durchwahl 1#",
    companies: "Bäckerei Morgenröte|Gebrüder Öchsle GmbH & Co. KG|Zahnarztpraxis am Stadtpark|Kühn Maschinenbau AG|Buchhandlung Lesezeichen|Tischlerei Späth|Süßwaren Größe e. K.",
    titles: "Geschäftsführerin|Ingenieur|Lehrerin|Krankenpfleger|Leiter Einkauf|Rechtsanwältin|Softwareentwickler|Oberärztin",
    notes: "Auf der Messe in Köln kennengelernt.|Isst kein Fleisch.|Erst ab 18 Uhr erreichbar, sonst Anrufbeantworter.|Hat den Ersatzschlüssel; wohnt über der Bäckerei.|Spielt im Verein Schach.",
    groups: "Familie|Freunde|Arbeit|Verein|Nachbarn|Schule|Chor",
};
