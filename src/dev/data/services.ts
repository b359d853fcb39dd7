/** The price list of the sample network. `popularity` weighs the choice in the replay file; it is not loaded. */
import type { Settings } from '../../domain/rules.ts';

export type ServiceSeed = {
  key: string;
  name: string;
  namePt: string;
  durationMinutes: number;
  bufferBeforeMinutes: number;
  bufferAfterMinutes: number;
  priceCents: number;
  popularity: number;
  settings: Partial<Settings>;
};

export const serviceSeeds: ServiceSeed[] = [
  { key: 'corte', name: 'Haircut', namePt: 'Corte', durationMinutes: 30, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, priceCents: 1600, popularity: 36, settings: {} },
  { key: 'corte-barba', name: 'Haircut and beard', namePt: 'Corte + barba', durationMinutes: 45, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, priceCents: 2400, popularity: 24, settings: {} },
  { key: 'barba', name: 'Beard trim', namePt: 'Barba', durationMinutes: 20, bufferBeforeMinutes: 0, bufferAfterMinutes: 10, priceCents: 1100, popularity: 11, settings: {} },
  { key: 'maquina', name: 'Clipper cut', namePt: 'Corte à máquina', durationMinutes: 20, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, priceCents: 1200, popularity: 10, settings: {} },
  { key: 'crianca', name: "Children's cut (up to 12)", namePt: 'Corte de criança (até 12 anos)', durationMinutes: 25, bufferBeforeMinutes: 0, bufferAfterMinutes: 5, priceCents: 1300, popularity: 8, settings: {} },
  { key: 'toalha-quente', name: 'Hot towel shave', namePt: 'Barba à navalha com toalha quente', durationMinutes: 30, bufferBeforeMinutes: 5, bufferAfterMinutes: 10, priceCents: 1800, popularity: 4, settings: {} },
  { key: 'pai-e-filho', name: 'Father and son', namePt: 'Pai e filho', durationMinutes: 60, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, priceCents: 2700, popularity: 3, settings: {} },
  { key: 'tratamento', name: 'Wash, cut and scalp treatment', namePt: 'Lavagem, corte e tratamento capilar', durationMinutes: 50, bufferBeforeMinutes: 0, bufferAfterMinutes: 10, priceCents: 3200, popularity: 2, settings: {} },
  { key: 'coloracao', name: 'Colouring', namePt: 'Coloração', durationMinutes: 75, bufferBeforeMinutes: 5, bufferAfterMinutes: 10, priceCents: 4200, popularity: 1, settings: {} },
  { key: 'noivo', name: "Groom's package", namePt: 'Pacote do noivo', durationMinutes: 90, bufferBeforeMinutes: 0, bufferAfterMinutes: 15, priceCents: 6500, popularity: 1, settings: { reminderLeadMinutes: [4320, 1440, 120] } },
];
