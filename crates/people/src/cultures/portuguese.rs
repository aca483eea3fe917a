//! Names and habits of Portuguese: the mother's family name, then the father's.

use super::Order;
use super::Source;

pub(super) const SOURCE: Source = Source {
    order: Order::TwoFamilies,
    country: "Brasil",
    female: "Maria Ana Francisca Antônia Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica Letícia Júlia Luciana Vanessa Mariana Gabriela Vitória Conceição Inês Ana_Júlia Maria_Eduarda",
    male: "José João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luís Gabriel Rafael Daniel Marcelo Bruno Eduardo Felipe Raimundo Rodrigo Manoel Mateus André Fernando Fábio Leonardo Sebastião Estêvão João_Pedro",
    middle_female: "",
    middle_male: "",
    family: "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Guimarães Magalhães Conceição da_Silva dos_Santos de_Araújo",
    street: "{street}, {number}",
    streets: "Rua das Flores|Avenida Paulista|Rua São João|Travessa do Comércio|Praça da Sé|Alameda Santos|Rua Conceição",
    places: "São Paulo;SP;01###-000|Belém;PA;66###-000|Florianópolis;SC;88###-000|Maceió;AL;57###-000|Brasília;DF;70###-000|Ribeirão Preto;SP;14###-000",
    mobiles: "(11) 90000-0###|+55 11 90000-0###|11 9 0000 0###",
    landlines: "(11) 2000-0###|+55 (21) 2000-0###|(31) 2000-0### ramal 2#",
    companies: "Padaria Pão de Cada Manhã|Irmãos Guimarães Ltda.|Livraria Três Rios|Clínica São Lucas do Vale|Construções Avelã|Oficina do João",
    titles: "Engenheira|Professor|Gerente de Projetos|Enfermeira|Advogado|Diretora Financeira|Médico",
    notes: "Nos conhecemos em Florianópolis.|Não come amendoim.|Só atende depois das 19h; melhor mandar mensagem.|Irmã da Conceição.|Joga futebol aos sábados.",
    groups: "Família|Amigos|Trabalho|Clube|Vizinhos|Escola|Coral",
};
