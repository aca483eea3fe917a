//! Names and habits of Spanish: a family name of each parent.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::TwoFamilies,
    country: "España",
    female: "María Carmen Lucía Sofía Martina Paula Valeria Isabel Ana_María María_José Pilar Dolores Josefa Cristina Marta Laura Elena Rocío Begoña Inés Ángela Mónica Beatriz Silvia Raquel Nuria",
    male: "José Antonio Manuel Francisco Juan David José_Luis Javier Jesús Ángel Iñaki Andrés Álvaro Adrián Óscar Rubén Sergio Pablo Hugo Martín Raúl Íñigo José_María Miguel_Ángel Tomás Joaquín Ramón Víctor",
    middle_female: "",
    middle_male: "",
    family: "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ibáñez Núñez Peña de_la_Fuente Ordóñez Yáñez",
    street: "{street}, {number}",
    streets: "Calle Mayor|Avenida de la Constitución|Calle del Sol|Plaza de España|Paseo de la Castellana|Camino de Ronda|Calle Nuñez de Balboa",
    places: "Madrid;;280##|Málaga;Andalucía;290##|A Coruña;Galicia;150##|Logroño;La Rioja;260##|Cádiz;Andalucía;110##|Valencia;Comunitat Valenciana;460##",
    mobiles: "600 000 ###|+34 600 000 ###|600-00-0#-##",
    landlines: "910 000 ###|+34 910 000 ###|91 000 0# ## (ext. 2#)|950 00 0# ##",
    companies: "Panadería La Espiga|Hermanos Ibáñez, S. L.|Clínica Dental Río|Librería El Caracol|Talleres Núñez|Asesoría Muñoz y Peña",
    titles: "Ingeniera|Profesor de Música|Directora de Ventas|Enfermero|Abogada|Carpintero|Jefe de Obra",
    notes: "La conocí en el congreso de Málaga.|¡Alérgico al marisco!|Llamar después de las ocho; por la mañana no contesta.|Tiene la llave de casa.|Juega al ajedrez los martes.",
    groups: "Familia|Amigos|Trabajo|Club|Vecinos|Colegio|Coro",
};
