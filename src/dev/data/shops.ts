/**
 * The shops of the sample network: real towns and streets, invented shops. `pattern` names the opening hours, `barbers` counts the chairs
 * that are filled from here; `visitingFrom` lends the last barber of another shop for Thursday to Saturday.
 */

export type ShopPattern = 'street' | 'town' | 'mall' | 'night';

export type ShopSeed = {
  slug: string;
  name: string;
  address: string;
  zone: 'Europe/Lisbon' | 'Atlantic/Madeira' | 'Atlantic/Azores';
  pattern: ShopPattern;
  barbers: number;
  visitingFrom?: string;
  locale?: string;
};

const mainland = 'Europe/Lisbon';
const madeira = 'Atlantic/Madeira';
const azores = 'Atlantic/Azores';

export const shopSeeds: ShopSeed[] = [
  { slug: 'lisboa-bairro-alto', name: 'Navalha Bairro Alto', address: 'Rua da Rosa 112, 1200-389 Lisboa', zone: mainland, pattern: 'night', barbers: 7 },
  { slug: 'lisboa-chiado', name: 'Navalha Chiado', address: 'Rua Garrett 58, 1200-204 Lisboa', zone: mainland, pattern: 'street', barbers: 6 },
  { slug: 'lisboa-baixa', name: 'Navalha Baixa', address: 'Rua Augusta 174, 1100-055 Lisboa', zone: mainland, pattern: 'street', barbers: 6 },
  { slug: 'lisboa-alvalade', name: 'Navalha Alvalade', address: 'Avenida da Igreja 31, 1700-232 Lisboa', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'lisboa-benfica', name: 'Navalha Benfica', address: 'Estrada de Benfica 540, 1500-105 Lisboa', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'lisboa-parque-das-nacoes', name: 'Navalha Parque das Nações', address: 'Alameda dos Oceanos 61, 1990-207 Lisboa', zone: mainland, pattern: 'mall', barbers: 7 },
  { slug: 'lisboa-campo-de-ourique', name: 'Navalha Campo de Ourique', address: 'Rua Ferreira Borges 95, 1350-129 Lisboa', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'amadora', name: 'Navalha Amadora', address: 'Avenida Elias Garcia 210, 2700-327 Amadora', zone: mainland, pattern: 'mall', barbers: 6 },
  { slug: 'sintra', name: 'Navalha Sintra', address: 'Avenida Heliodoro Salgado 44, 2710-572 Sintra', zone: mainland, pattern: 'street', barbers: 4, visitingFrom: 'amadora' },
  { slug: 'cascais', name: 'Navalha Cascais', address: 'Rua Frederico Arouca 23, 2750-355 Cascais', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'oeiras', name: 'Navalha Oeiras', address: 'Rua Cândido dos Reis 18, 2780-211 Oeiras', zone: mainland, pattern: 'street', barbers: 4, visitingFrom: 'cascais' },
  { slug: 'almada', name: 'Navalha Almada', address: 'Avenida Dom Afonso Henriques 37, 2800-011 Almada', zone: mainland, pattern: 'mall', barbers: 6 },
  { slug: 'setubal', name: 'Navalha Setúbal', address: 'Avenida Luísa Todi 240, 2900-455 Setúbal', zone: mainland, pattern: 'street', barbers: 5, visitingFrom: 'almada' },
  { slug: 'loures', name: 'Navalha Loures', address: 'Rua da República 71, 2670-469 Loures', zone: mainland, pattern: 'street', barbers: 4 },
  { slug: 'vila-franca-de-xira', name: 'Navalha Vila Franca de Xira', address: 'Rua Serpa Pinto 102, 2600-263 Vila Franca de Xira', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'torres-vedras', name: 'Navalha Torres Vedras', address: 'Rua 9 de Abril 26, 2560-301 Torres Vedras', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'porto-baixa', name: 'Navalha Porto Baixa', address: 'Rua de Santa Catarina 318, 4000-443 Porto', zone: mainland, pattern: 'street', barbers: 6 },
  { slug: 'porto-foz', name: 'Navalha Foz', address: 'Rua Senhora da Luz 132, 4150-695 Porto', zone: mainland, pattern: 'street', barbers: 4, visitingFrom: 'porto-baixa' },
  { slug: 'porto-boavista', name: 'Navalha Boavista', address: 'Avenida da Boavista 1243, 4100-130 Porto', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'porto-antas', name: 'Navalha Antas', address: 'Alameda das Antas 81, 4350-414 Porto', zone: mainland, pattern: 'mall', barbers: 6 },
  { slug: 'vila-nova-de-gaia', name: 'Navalha Gaia', address: 'Avenida da República 755, 4430-201 Vila Nova de Gaia', zone: mainland, pattern: 'mall', barbers: 6 },
  { slug: 'matosinhos', name: 'Navalha Matosinhos', address: 'Rua Brito Capelo 410, 4450-068 Matosinhos', zone: mainland, pattern: 'street', barbers: 5, visitingFrom: 'porto-antas' },
  { slug: 'maia', name: 'Navalha Maia', address: 'Rua Simão Bolívar 83, 4470-214 Maia', zone: mainland, pattern: 'street', barbers: 4 },
  { slug: 'povoa-de-varzim', name: 'Navalha Póvoa de Varzim', address: 'Rua da Junqueira 47, 4490-519 Póvoa de Varzim', zone: mainland, pattern: 'street', barbers: 4 },
  { slug: 'braga', name: 'Navalha Braga', address: 'Rua do Souto 66, 4700-329 Braga', zone: mainland, pattern: 'street', barbers: 6 },
  { slug: 'braga-nogueira', name: 'Navalha Nogueira', address: 'Avenida Robert Smith 59, 4715-249 Braga', zone: mainland, pattern: 'mall', barbers: 5 },
  { slug: 'guimaraes', name: 'Navalha Guimarães', address: 'Rua de Santo António 125, 4800-162 Guimarães', zone: mainland, pattern: 'street', barbers: 5, visitingFrom: 'braga' },
  { slug: 'famalicao', name: 'Navalha Famalicão', address: 'Rua Adriano Pinto Basto 39, 4760-114 Vila Nova de Famalicão', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'viana-do-castelo', name: 'Navalha Viana do Castelo', address: 'Rua Manuel Espregueira 88, 4900-318 Viana do Castelo', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'vila-real', name: 'Navalha Vila Real', address: 'Avenida Carvalho Araújo 52, 5000-657 Vila Real', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'braganca', name: 'Navalha Bragança', address: 'Rua Almirante Reis 30, 5300-077 Bragança', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'chaves', name: 'Navalha Chaves', address: 'Rua de Santo António 17, 5400-069 Chaves', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'aveiro', name: 'Navalha Aveiro', address: 'Rua de Coimbra 14, 3810-086 Aveiro', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'coimbra', name: 'Navalha Coimbra', address: 'Rua Ferreira Borges 121, 3000-180 Coimbra', zone: mainland, pattern: 'street', barbers: 6 },
  { slug: 'coimbra-celas', name: 'Navalha Celas', address: 'Rua Bernardo de Albuquerque 62, 3000-071 Coimbra', zone: mainland, pattern: 'street', barbers: 4, visitingFrom: 'coimbra' },
  { slug: 'figueira-da-foz', name: 'Navalha Figueira da Foz', address: 'Rua da República 156, 3080-036 Figueira da Foz', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'viseu', name: 'Navalha Viseu', address: 'Rua Formosa 92, 3500-135 Viseu', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'guarda', name: 'Navalha Guarda', address: 'Rua do Comércio 21, 6300-661 Guarda', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'covilha', name: 'Navalha Covilhã', address: 'Rua Marquês de Ávila e Bolama 105, 6200-053 Covilhã', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'castelo-branco', name: 'Navalha Castelo Branco', address: 'Avenida 1.º de Maio 73, 6000-086 Castelo Branco', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'leiria', name: 'Navalha Leiria', address: 'Avenida Heróis de Angola 54, 2400-154 Leiria', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'caldas-da-rainha', name: 'Navalha Caldas da Rainha', address: 'Rua das Montras 33, 2500-238 Caldas da Rainha', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'santarem', name: 'Navalha Santarém', address: 'Rua Serpa Pinto 68, 2000-046 Santarém', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'evora', name: 'Navalha Évora', address: 'Rua 5 de Outubro 49, 7000-854 Évora', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'beja', name: 'Navalha Beja', address: 'Rua Capitão João Francisco de Sousa 28, 7800-451 Beja', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'portalegre', name: 'Navalha Portalegre', address: 'Rua 5 de Outubro 36, 7300-133 Portalegre', zone: mainland, pattern: 'town', barbers: 4 },
  { slug: 'faro', name: 'Navalha Faro', address: 'Rua de Santo António 41, 8000-283 Faro', zone: mainland, pattern: 'street', barbers: 5 },
  { slug: 'portimao', name: 'Navalha Portimão', address: 'Rua do Comércio 64, 8500-633 Portimão', zone: mainland, pattern: 'mall', barbers: 5, locale: 'en-GB' },
  { slug: 'albufeira', name: 'Navalha Albufeira', address: 'Avenida da Liberdade 87, 8200-002 Albufeira', zone: mainland, pattern: 'street', barbers: 4, locale: 'en-GB', visitingFrom: 'faro' },
  { slug: 'funchal', name: 'Navalha Funchal', address: 'Rua do Aljube 19, 9000-067 Funchal', zone: madeira, pattern: 'street', barbers: 6 },
  { slug: 'camara-de-lobos', name: 'Navalha Câmara de Lobos', address: 'Rua São João de Deus 11, 9300-151 Câmara de Lobos', zone: madeira, pattern: 'town', barbers: 4, visitingFrom: 'funchal' },
  { slug: 'porto-santo', name: 'Navalha Porto Santo', address: 'Rua João Gonçalves Zarco 5, 9400-164 Porto Santo', zone: madeira, pattern: 'town', barbers: 4 },
  { slug: 'ponta-delgada', name: 'Navalha Ponta Delgada', address: 'Rua dos Mercadores 43, 9500-092 Ponta Delgada', zone: azores, pattern: 'street', barbers: 5 },
  { slug: 'angra-do-heroismo', name: 'Navalha Angra do Heroísmo', address: 'Rua Direita 77, 9700-066 Angra do Heroísmo', zone: azores, pattern: 'town', barbers: 4 },
  { slug: 'horta', name: 'Navalha Horta', address: 'Rua Conselheiro Medeiros 22, 9900-144 Horta', zone: azores, pattern: 'town', barbers: 4 },
];
