//! Names and habits of French.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::GivenFamily,
    country: "France",
    female: "Élodie Chloé Léa Manon Camille Inès Zoé Marie-Claire Anne-Sophie Françoise Hélène Céline Aurélie Amélie Margaux Juliette Louise Brigitte Nathalie Sylvie Véronique Isabelle Monique Océane Jade Noémie Sandrine Valérie",
    male: "François René André Jérôme Stéphane Sébastien Jean-Pierre Jean-Luc Benoît Loïc Mathéo Théo Hugo Lucas Gaël Rémi Étienne Cédric Frédéric Pascal Thierry Olivier Nicolas Julien Guillaume Antoine Gérard Aimé",
    middle_female: "",
    middle_male: "",
    family: "Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garcia Lefebvre Girard Bonnet Dupont Fontaine Rousseau Chevalier Gauthier Béranger L'Hôpital D'Arc de_La_Fontaine Le_Gall Besançon Mercier Noël",
    street: "{number}, {street}",
    streets: "rue de la République|avenue Victor-Hugo|place de l'Église|rue du Général-Leclerc|boulevard Saint-Michel|chemin des Écoliers|impasse du Moulin",
    places: "Paris;;750##|Lyon;Auvergne-Rhône-Alpes;690##|Nîmes;Occitanie;30###|Besançon;Bourgogne-Franche-Comté;25###|Orléans;Centre-Val de Loire;45###|Saint-Étienne;Loire;42###",
    mobiles: "06 39 98 ## ##|+33 6 39 98 ## ##|06.39.98.##.##",
    landlines: "01 99 00 ## ##|+33 1 99 00 ## ##|02 61 91 ## ##|04.65.71.##.## (poste 1#)|+33 (0)5 36 49 ## ##",
    companies: "Boulangerie L'Épi d'Or|Cabinet Lefèvre & Associés|Librairie de la Place|Garage Saint-Christophe|Château Les Hirondelles SARL|Pharmacie du Théâtre",
    titles: "Ingénieure|Professeur des écoles|Directrice générale|Médecin généraliste|Chef cuisinier|Chargée de clientèle|Développeur",
    notes: "Rencontrée à Lyon, au salon du livre.|Ne mange pas de fruits à coque.|À rappeler après 18 h ; préfère le courriel.|Garde le chat pendant les vacances.|C'est l'ami d'Hélène.",
    groups: "Famille|Amis|Travail|Club|Voisins|École|Chorale",
};
