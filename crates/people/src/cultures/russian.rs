//! Names and habits of Russian: a patronymic in the middle, and forms for women.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::Patronymic,
    country: "Россия",
    female: "Анна/anna Мария/maria Елена/elena Ольга/olga Наталья/natalya Татьяна/tatyana Ирина/irina Светлана/svetlana Екатерина/ekaterina Юлия/yulia Анастасия/anastasia Людмила/lyudmila Галина/galina Вера/vera Надежда/nadezhda Ксения/ksenia Дарья/darya Алёна/alyona Полина/polina Софья/sofya Валентина/valentina Любовь/lyubov Марина/marina Жанна/zhanna",
    male: "Александр/alexander Сергей/sergey Дмитрий/dmitry Алексей/alexey Андрей/andrey Иван/ivan Михаил/mikhail Николай/nikolay Владимир/vladimir Евгений/evgeny Павел/pavel Юрий/yury Виктор/viktor Константин/konstantin Игорь/igor Олег/oleg Максим/maxim Артём/artyom Роман/roman Фёдор/fyodor Пётр/pyotr Григорий/grigory Илья/ilya Егор/egor",
    middle_female: "Ивановна Александровна Сергеевна Дмитриевна Алексеевна Андреевна Михайловна Николаевна Владимировна Петровна Павловна Юрьевна Викторовна Игоревна Ильинична",
    middle_male: "Иванович Александрович Сергеевич Дмитриевич Алексеевич Андреевич Михайлович Николаевич Владимирович Петрович Павлович Юрьевич Викторович Игоревич Ильич",
    family: "Иванов/ivanov Смирнов/smirnov Кузнецов/kuznetsov Попов/popov Васильев/vasilyev Петров/petrov Соколов/sokolov Михайлов/mikhaylov Новиков/novikov Фёдоров/fyodorov Морозов/morozov Волков/volkov Алексеев/alexeyev Лебедев/lebedev Семёнов/semyonov Егоров/egorov Павлов/pavlov Козлов/kozlov Степанов/stepanov Николаев/nikolaev Орлов/orlov Андреев/andreev Макаров/makarov Никитин/nikitin Захаров/zakharov Зайцев/zaytsev Соловьёв/solovyov Борисов/borisov Яковлев/yakovlev Щербаков/shcherbakov Пушкин/pushkin",
    street: "{street}, д. {number}",
    streets: "ул. Ленина|Садовая ул.|Невский проспект|ул. Чехова|Берёзовая аллея|Школьная ул.|пер. Щепкина",
    places: "Москва;;1010##|Санкт-Петербург;;1910##|Екатеринбург;Свердловская область;6200##|Новосибирск;;6300##|Казань;Татарстан;4200##",
    mobiles: "8 (900) 000-0#-##|+7 900 000-0#-##|8-900-000-0#-##",
    landlines: "8 (495) 000-0#-##|+7 812 000 0# ##|(383) 000-0#-##, доб. 1#",
    companies: "ООО «Берёзка»|Пекарня «Калач»|Книжный дом «Страница»|ЗАО «Северный ветер»|Стоматология «Улыбка»",
    titles: "Инженер|Учительница|Директор по продажам|Медсестра|Бухгалтер|Программист|Врач",
    notes: "Познакомились на выставке в Казани.|Не ест орехи.|Звонить после шести; днём не отвечает.|Запасной ключ у неё.|Играет в шахматы по вторникам.",
    groups: "Семья|Друзья|Работа|Клуб|Соседи|Школа|Хор",
};
