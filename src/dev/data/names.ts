/** Names for invented people. The lists' lengths have no common factor, so walking both at once meets every pair before the first repeats. */

const first = [
  'João', 'Pedro', 'Tiago', 'Rui', 'Miguel', 'André', 'Diogo', 'Bruno', 'Nuno', 'Ricardo', 'Gonçalo', 'Francisco', 'Luís', 'Paulo', 'Hugo', 'Fábio',
  'Daniel', 'Rafael', 'Vasco', 'Duarte', 'Ana', 'Maria', 'Inês', 'Sofia', 'Beatriz', 'Rita', 'Catarina', 'Marta', 'Joana', 'Cláudia', 'Henrique',
  'Sérgio', 'Filipe', 'Simão', 'Martim', 'Leonor', 'Vítor', 'Márcio', 'Afonso', 'Edgar', 'Telmo', 'Xavier', 'Samuel', 'David', 'Carlos', 'Jorge', 'António',
];

const last = [
  'Silva', 'Santos', 'Ferreira', 'Pereira', 'Oliveira', 'Costa', 'Rodrigues', 'Martins', 'Jesus', 'Sousa', 'Fernandes', 'Gonçalves', 'Gomes', 'Lopes',
  'Marques', 'Alves', 'Almeida', 'Ribeiro', 'Pinto', 'Carvalho', 'Teixeira', 'Moreira', 'Correia', 'Mendes', 'Nunes', 'Soares', 'Vieira', 'Monteiro',
  'Cardoso', 'Rocha', 'Neves', 'Coelho', 'Cruz', 'Cunha', 'Pires', 'Ramos', 'Reis', 'Simões', 'Antunes', 'Matos', 'Fonseca', 'Machado', 'Araújo',
];

const abroadFirst = ['James', 'Emma', 'Oliver', 'Camille', 'Lucas', 'Hannah', 'Thomas', 'Chloé', 'Ethan', 'Grace', 'Louis', 'Sarah', 'Noah'];
const abroadLast = ['Miller', 'Bernard', 'Clarke', 'Johnson', 'Dubois', 'Walker', 'Moreau', 'Bennett', 'Garcia', 'Lefèvre', 'Turner'];

const pick = (list: string[], index: number): string => list[index % list.length]!;

/** The `index`th Portuguese name; the first 2,021 differ. */
export const portugueseName = (index: number): string => `${pick(first, index * 5)} ${pick(last, index * 7)}`;

/** The `index`th name of somebody from abroad; the first 143 differ. */
export const foreignName = (index: number): string => `${pick(abroadFirst, index)} ${pick(abroadLast, index)}`;

/** A name as it stands before the @ of an address: ASCII, lower case, a dot between the parts. */
export const mailName = (name: string): string => name.normalize('NFD').replace(/[^\w ]/g, '').toLowerCase().replaceAll(' ', '.');
