/**
 * Oxygen saturation of haemoglobin from oxygen tension.
 * J. W. Severinghaus, "Simple, accurate equations for human blood O2 dissociation computations", J Appl Physiol 46 (1979).
 *
 * @param tension PO2 in mmHg
 * @returns saturation in %
 */
export function saturationOf(tension: number): number {
  const p = Math.max(tension, 1);
  return 100 / (23400 / (p * p * p + 150 * p) + 1);
}

/** Gas exchange of a body: flows in ml/min (STPD), tensions in mmHg. */
export interface GasExchange {
  /** CO2 produced at rest, ml/min. */
  carbonDioxide: number;
  /** O2 consumed at rest, ml/min. */
  oxygen: number;
  /** Inspired O2 fraction. */
  inspired: number;
  /** Alveolar–arterial O2 difference, mmHg (shunt and mismatch lumped). */
  gradient: number;
}

/** PaCO2 at which production and washout balance: 863·V̇CO2/V̇A (alveolar ventilation equation; West, Respiratory Physiology, ch. 2). */
export function balancedCarbonDioxide(gas: GasExchange, metabolism: number, ventilation: number): number {
  return (0.863 * gas.carbonDioxide * metabolism) / Math.max(ventilation, 0.5);
}

/** PAO2 at which inflow and uptake balance: PiO2 − 863·V̇O2/V̇A, water vapour 47 mmHg (West, ch. 5). */
export function balancedAlveolarOxygen(gas: GasExchange, metabolism: number, ventilation: number): number {
  const inspired = gas.inspired * (760 - 47);
  return Math.max(inspired - (0.863 * gas.oxygen * metabolism) / Math.max(ventilation, 0.5), 15);
}
